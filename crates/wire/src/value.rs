//! One JSON value read as the type that a field has, refused with the texts of the field.

use assay_core::{mac::MacAddress, node::JsonMap};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    refusal::Refusal,
    repr::{repr, repr_str},
};

/// A value on its way into a field.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The kind of object, such as `node`.
    pub what: &'a str,
    /// The name of the field.
    pub field: &'a str,
    /// Null where the field is absent.
    pub value: &'a Value,
}

impl Given<'_> {
    fn wrong_type(self, expected: &str) -> Refusal {
        Refusal::schema(self.what, format_args!("{} is not of type {expected}", repr(self.value)))
    }

    fn within(self, text: &str, max: usize) -> Result<String, Refusal> {
        if text.chars().count() > max {
            return Err(Refusal::schema(self.what, format_args!("{} is too long", repr_str(text))));
        }
        Ok(text.to_owned())
    }

    /// A text of at most `max` characters, or nothing.
    ///
    /// # Errors
    /// Refused when it is no text or too long.
    pub fn text(self, max: usize) -> Result<Option<String>, Refusal> {
        match self.value {
            Value::Null => Ok(None),
            Value::String(text) => self.within(text, max).map(Some),
            _ => Err(self.wrong_type("'string', 'null'")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// Refused when it is no text or too long.
    pub fn required_text(self, max: usize) -> Result<String, Refusal> {
        match self.value {
            Value::String(text) => self.within(text, max),
            _ => Err(self.wrong_type("'string'")),
        }
    }

    /// An object; empty when null.
    ///
    /// # Errors
    /// Refused when it is something else.
    pub fn object(self) -> Result<JsonMap, Refusal> {
        match self.value {
            Value::Null => Ok(JsonMap::new()),
            Value::Object(map) => Ok(map.clone()),
            _ => Err(self.wrong_type("'object', 'null'")),
        }
    }

    /// A truth value, or a text that means one; nothing when null.
    ///
    /// # Errors
    /// Refused when it is neither.
    pub fn boolean(self) -> Result<Option<bool>, Refusal> {
        match self.value {
            Value::Null => Ok(None),
            Value::Bool(value) => Ok(Some(*value)),
            Value::String(text) => boolean(self.field, text).map(Some),
            _ => Err(self.wrong_type("'string', 'boolean', 'null'")),
        }
    }

    /// A UUID, or nothing.
    ///
    /// # Errors
    /// Refused when it is no UUID.
    pub fn uuid(self) -> Result<Option<Uuid>, Refusal> {
        self.text(usize::MAX)?.map(|text| uuid(self.field, &text)).transpose()
    }

    /// A MAC address, or nothing.
    ///
    /// # Errors
    /// Refused when it is no MAC address.
    pub fn mac(self) -> Result<Option<MacAddress>, Refusal> {
        let Some(text) = self.text(usize::MAX)? else { return Ok(None) };
        mac(self.field, &text).map(Some)
    }
}

/// Reads a text that means true or false.
///
/// # Errors
/// Refused with the list of the texts that do.
pub fn boolean(field: &str, text: &str) -> Result<bool, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => Ok(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Ok(false),
        _ => Err(Refusal::Invalid(format!(
            "Invalid {field}: Unrecognized value {}, acceptable values are: '0', '1', 'f', 'false', 'n', 'no', \
             'off', 'on', 't', 'true', 'y', 'yes'",
            repr_str(text)
        ))),
    }
}

/// Reads a UUID.
///
/// # Errors
/// Refused naming the field.
pub fn uuid(field: &str, text: &str) -> Result<Uuid, Refusal> {
    text.parse().map_err(|_| Refusal::Invalid(format!("Expected UUID for {field}: {text}")))
}

/// Reads a MAC address.
///
/// # Errors
/// Refused naming the field.
pub fn mac(field: &str, text: &str) -> Result<MacAddress, Refusal> {
    text.parse().map_err(|_| Refusal::Invalid(format!("Expected valid MAC address for {field}: {text}")))
}

/// Reads the body as an object.
///
/// # Errors
/// Refused when it is something else.
pub fn body_object<'a>(what: &str, body: &'a Value) -> Result<&'a JsonMap, Refusal> {
    body.as_object().ok_or_else(|| Refusal::schema(what, format_args!("{} is not of type 'object'", repr(body))))
}

/// Refuses keys that are not in the schema.
///
/// # Errors
/// Refused naming every such key.
pub fn only_known_keys(what: &str, map: &JsonMap, known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    let unknown: Vec<String> = map.keys().filter(|key| !known(key)).map(|key| repr_str(key)).collect();
    match unknown.len() {
        0 => Ok(()),
        count => {
            let verb = if count == 1 { "was" } else { "were" };
            Err(Refusal::schema(
                what,
                format_args!("Additional properties are not allowed ({} {verb} unexpected)", unknown.join(", ")),
            ))
        }
    }
}

/// Refuses an object that lacks `key`.
///
/// # Errors
/// Refused naming the key.
pub fn require_key(what: &str, map: &JsonMap, key: &str) -> Result<(), Refusal> {
    if map.contains_key(key) {
        return Ok(());
    }
    Err(Refusal::schema(what, format_args!("{} is a required property", repr_str(key))))
}
