//! What clients say: the words of the bare metal API, read from JSON and written to it.
//!
//! **Invariant:** pure functions between JSON and the core's types; nothing here knows the database
//! or the HTTP server. A request is refused here with the text that the field's clients know.

pub mod driver;
pub mod fault;
pub mod fields;
pub mod introspection;
pub mod links;
pub mod list;
pub mod mask;
pub mod node;
pub mod patch;
pub mod port;
pub mod portgroup;
pub mod query;
pub mod ramdisk;
pub mod refusal;
pub mod repr;
pub mod root;
pub mod states;
pub mod traits;
pub mod value;

pub use refusal::Refusal;
