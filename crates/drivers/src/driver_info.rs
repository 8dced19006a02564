//! Reading a node's `driver_info`: what is missing and what is wrong is collected, so that the operator reads it all at once.

use std::fmt::Write;

use assay_core::node::Node;
use serde_json::Value;

use crate::error::DriverError;

/// Reads the values of one node.
pub struct Reader<'a> {
    /// The node.
    pub node: &'a Node,
    missing: Vec<&'static str>,
    wrong: String,
}

impl<'a> Reader<'a> {
    /// Begins to read.
    pub const fn of(node: &'a Node) -> Self {
        Self { node, missing: Vec::new(), wrong: String::new() }
    }

    /// The value of `key`; null and the empty string are none.
    pub fn given(&self, key: &str) -> Option<&'a Value> {
        self.node.driver_info.get(key).filter(|value| !value.is_null() && *value != "")
    }

    /// The value of `key`, if it is given and is what is `expected`.
    pub fn optional<T>(&mut self, key: &str, expected: &str, parse: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.given(key)?;
        let parsed = parse(value);
        if parsed.is_none() {
            let sentence = format!(
                "Invalid value {value} set in driver_info/{key} on node {}. The value should be {expected}.",
                self.node.id
            );
            self.refuse(&sentence);
        }
        parsed
    }

    /// The same for a value that has to be given.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        self.demand(key);
        self.optional(key, expected, parse)
    }

    /// Says that `key` has to be given.
    pub fn demand(&mut self, key: &'static str) {
        if self.given(key).is_none() {
            self.missing.push(key);
        }
    }

    /// Says what is wrong, in a sentence.
    pub fn refuse(&mut self, sentence: &str) {
        let space = if self.wrong.is_empty() { "" } else { " " };
        write!(self.wrong, "{space}{sentence}").ok();
    }

    /// What was `read`, unless something is to be told; `protocol` names the BMC's.
    ///
    /// # Errors
    /// Missing, naming all that is missing; else invalid, with a sentence for each wrong value.
    pub fn end<T>(self, protocol: &str, read: Option<T>) -> Result<T, DriverError> {
        if !self.missing.is_empty() {
            let (id, keys) = (self.node.id, self.missing.join(", "));
            return Err(DriverError::MissingParameterValue(format!(
                "Missing the following {protocol} properties in node {id} driver_info: {keys}"
            )));
        }
        read.filter(|_| self.wrong.is_empty()).ok_or(DriverError::InvalidParameterValue(self.wrong))
    }
}
