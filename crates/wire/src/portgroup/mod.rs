//! Port groups: how they are shown, created, changed and asked for in lists.

pub mod document;
pub mod list;
pub mod view;

pub use document::{create, patch};
pub use list::PortgroupList;
pub use view::PortgroupView;
