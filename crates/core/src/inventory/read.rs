//! Lenient reading of a ramdisk's JSON: what has another type than expected is unknown, no error.

use std::{net::IpAddr, str::FromStr};

use serde_json::Value;

use crate::{mac::MacAddress, node::JsonMap};

/// Longer texts are no names of anything and are read as unknown.
const LONGEST_TEXT: usize = 1024;

/// The text without control characters, which could command a terminal or forge a log line, and
/// cut after `longest` characters. Line ends stay.
#[must_use]
pub fn clean(text: &str, longest: usize) -> String {
    text.chars().filter(|&c| c == '\n' || !c.is_control()).take(longest).collect()
}

/// Reads the fields of one JSON object.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub Option<&'a JsonMap>);

impl<'a> Reader<'a> {
    pub fn of(value: &'a Value) -> Self {
        Self(value.as_object())
    }

    fn value(self, key: &str) -> Option<&'a Value> {
        self.0?.get(key)
    }

    pub fn object(self, key: &str) -> Self {
        Self(self.value(key).and_then(Value::as_object))
    }

    /// One item for each item of the list, in its order.
    pub fn list<T>(self, key: &str, read: impl Fn(Reader<'a>) -> T) -> Vec<T> {
        let items = self.value(key).and_then(Value::as_array);
        items.into_iter().flatten().map(|item| read(Reader::of(item))).collect()
    }

    /// A text that is not blank; a number counts as its text.
    pub fn text(self, key: &str) -> Option<String> {
        let text = match self.value(key)? {
            Value::String(text) if text.len() <= LONGEST_TEXT => clean(text, LONGEST_TEXT).replace('\n', " "),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A whole number that is not negative, or its decimal text.
    pub fn integer(self, key: &str) -> Option<u64> {
        match self.value(key)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn flag(self, key: &str) -> Option<bool> {
        match self.value(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    pub fn parsed<T: FromStr>(self, key: &str) -> Option<T> {
        self.text(key)?.parse().ok()
    }

    /// An IP address without its `%scope`; unspecified ones stand for "none".
    pub fn address(self, key: &str) -> Option<IpAddr> {
        let text = self.text(key)?;
        let address: IpAddr = text.split('%').next()?.parse().ok()?;
        (!address.is_unspecified()).then_some(address)
    }

    /// A MAC address, also in pxelinux' form with the hardware type in front: `01-aa-bb-…`.
    pub fn boot_mac(self, key: &str) -> Option<MacAddress> {
        let text = self.text(key)?;
        let mac = match text.split_once('-') {
            Some((_, mac)) if text.matches('-').count() == 6 => mac,
            _ => &text,
        };
        mac.parse().ok()
    }
}
