//! Nodes: how they are shown, created, changed and asked for in lists.

pub mod create;
pub mod document;
pub mod list;
pub mod view;

pub use create::create;
pub use document::patch;
pub use list::NodeList;
pub use view::NodeView;
