//! Access to OpenStack services: Keystone's tokens and catalog, and one client for any of them.
//!
//! **Invariant:** every call ends within its deadline, a write is sent again only if that can't make
//! it happen twice, and no error holds a token or a password.

mod base;
mod catalog;
mod error;
mod identity;
mod retry;
mod service;
mod session;
mod settings;
#[cfg(test)]
pub mod tests;

pub use base::base;
pub use error::CallError;
pub use retry::Retry;
pub use service::{Call, Service};
pub use settings::{Account, Auth, Credential, Domain, Identity, Named, Scope, Settings};
