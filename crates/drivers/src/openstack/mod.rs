//! Access to OpenStack services: Keystone's tokens and catalog, and one client for any of them.
//!
//! **Invariant:** every call ends within its deadline, a write is sent again only if that can't make
//! it happen twice, and no error holds a token or a password.

mod base;
mod catalog;
mod error;
mod identity;
mod service;
mod session;
mod settings;

pub use error::CallError;
pub use service::{Call, Retry, Service};
pub use settings::{Auth, Credential, Domain, Identity, Named, Scope, Settings};
