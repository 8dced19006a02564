//! What a ramdisk posts: split into inventory and the rest, as the API shows it, with a typed view.
//!
//! **Invariant:** the JSON stays as it came, unknown keys included; the view never refuses a body
//! for a value that it can't read. Item `i` of a list in the view reads item `i` of the JSON.

mod read;
pub mod summary;
mod view;

use serde_json::Value;

pub use self::{
    read::clean,
    view::{Boot, Cpu, Disk, Interface, Inventory, Memory, SystemVendor},
};
use crate::{
    limits::{self, LimitError, Limits},
    node::JsonMap,
};

/// How many network interfaces a body may list; a server with its virtual functions enabled has some hundreds.
pub const MAX_INTERFACES: usize = 512;

/// How many disks a body may list.
pub const MAX_DISKS: usize = 1024;

/// A body that a ramdisk posted to the callback.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The object `inventory`, as posted.
    pub inventory: JsonMap,
    /// Every other key, as posted; without `logs`, which only the stored raw body keeps.
    pub plugin_data: JsonMap,
    /// What the rules of this crate read of the inventory.
    pub view: Inventory,
}

/// Why a body is not an inspection's. Its first three texts are upstream's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum BodyError {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("Invalid data: expected a JSON object, got {0}")]
    NotAnObject(&'static str),
    #[error("Schema error for data: '{0}' is a required property")]
    Missing(&'static str),
    #[error("Schema error for data: '{key}' is not {expected}")]
    WrongType { key: &'static str, expected: &'static str },
    #[error("the inventory lists {found} {what}; at most {limit} are accepted")]
    TooMany { what: &'static str, found: usize, limit: usize },
    #[error("no interface of the inventory has a valid MAC address")]
    NoMac,
}

impl Body {
    /// Reads the bytes of a callback.
    ///
    /// # Errors
    /// [`BodyError`] says what is missing; nothing was allocated for a body beyond `limits`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, BodyError> {
        limits::check(bytes, limits)?;
        Self::parse_checked(bytes)
    }

    /// Reads bytes that have passed [`limits::check`], such as those that were kept then.
    ///
    /// # Errors
    /// [`BodyError`] says what is missing.
    pub fn parse_checked(bytes: &[u8]) -> Result<Self, BodyError> {
        match limits::parse_checked(bytes)? {
            Value::Object(body) => Self::try_from(body),
            other => Err(BodyError::NotAnObject(kind(&other))),
        }
    }
}

impl TryFrom<JsonMap> for Body {
    type Error = BodyError;

    fn try_from(mut body: JsonMap) -> Result<Self, Self::Error> {
        let inventory = match body.remove("inventory") {
            Some(Value::Object(inventory)) => inventory,
            Some(_) => return Err(BodyError::WrongType { key: "inventory", expected: "an object" }),
            None => return Err(BodyError::Missing("inventory")),
        };
        check_list(&inventory, "interfaces", MAX_INTERFACES)?;
        check_list(&inventory, "disks", MAX_DISKS)?;
        if !inventory.contains_key("interfaces") {
            return Err(BodyError::Missing("interfaces"));
        }
        let view = Inventory::from(&inventory);
        if view.interfaces.iter().all(|interface| interface.mac.is_none()) {
            return Err(BodyError::NoMac);
        }
        body.remove("logs");
        Ok(Self { inventory, plugin_data: body, view })
    }
}

fn check_list(inventory: &JsonMap, key: &'static str, limit: usize) -> Result<(), BodyError> {
    match inventory.get(key) {
        Some(Value::Array(items)) if items.len() > limit => {
            Err(BodyError::TooMany { what: key, found: items.len(), limit })
        }
        Some(Value::Array(_) | Value::Null) | None => Ok(()),
        Some(_) => Err(BodyError::WrongType { key, expected: "a list" }),
    }
}

/// The name of a value's type that clients know.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests;
