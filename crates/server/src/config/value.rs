//! The types of option values, read as oslo.config reads them.

use std::{collections::BTreeMap, net::IpAddr, net::Ipv4Addr, path::PathBuf, time::Duration};

/// Why a text is no value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is not of the option's kind; there is no more to say.
    Kind,
    /// It is, but it can't be used.
    Because(String),
}

/// A type that an option can have.
pub trait OptionValue: Sized {
    /// What values look like, for the reference page and for refusals.
    fn kind() -> String;

    /// The text as it may be shown: without what is secret in it.
    fn shown(text: &str) -> String {
        text.to_owned()
    }

    /// Reads a value.
    ///
    /// # Errors
    /// The text can't be used, and why.
    fn parse(text: &str) -> Result<Self, Unfit>;

    /// What an option is that was never set; `None` when it has to be.
    fn unset() -> Option<Self> {
        None
    }

    /// The value as a number, for range checks.
    fn number(&self) -> Option<i64> {
        None
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    fn kind() -> String {
        T::kind()
    }

    fn shown(text: &str) -> String {
        T::shown(text)
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn unset() -> Option<Self> {
        Some(None)
    }

    fn number(&self) -> Option<i64> {
        self.as_ref().and_then(T::number)
    }
}

impl OptionValue for bool {
    fn kind() -> String {
        "boolean".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => Ok(true),
            "false" | "0" | "off" | "no" => Ok(false),
            _ => Err(Unfit::Kind),
        }
    }
}

macro_rules! numbers {
    ($($type:ty: $kind:literal),+) => {$(
        impl OptionValue for $type {
            fn kind() -> String {
                $kind.to_owned()
            }

            fn parse(text: &str) -> Result<Self, Unfit> {
                text.parse().map_err(|_| Unfit::Kind)
            }

            fn number(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
        }
    )+};
}
numbers!(u8: "number up to 255", u16: "port number", u32: "whole number", u64: "whole number", usize: "whole number");

impl OptionValue for Duration {
    fn kind() -> String {
        "seconds".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        text.parse().map(Self::from_secs).map_err(|_| Unfit::Kind)
    }

    fn number(&self) -> Option<i64> {
        i64::try_from(self.as_secs()).ok()
    }
}

macro_rules! texts {
    ($($type:ty: $kind:literal),+) => {$(
        impl OptionValue for $type {
            fn kind() -> String {
                $kind.to_owned()
            }

            fn parse(text: &str) -> Result<Self, Unfit> {
                text.parse().map_err(|_| Unfit::Kind)
            }
        }
    )+};
}
texts!(String: "text", PathBuf: "path", IpAddr: "IP address", Ipv4Addr: "IPv4 address");

impl<T: OptionValue> OptionValue for Vec<T> {
    fn kind() -> String {
        format!("list ({}, …)", T::kind())
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        text.split(',').map(|item| T::parse(item.trim())).collect()
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }
}

impl OptionValue for BTreeMap<String, String> {
    fn kind() -> String {
        "map (key:value, …)".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        let mut map = Self::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once(':').ok_or(Unfit::Kind)?;
            let key = key.trim();
            let former = map.insert(key.to_owned(), value.trim().to_owned());
            if former.is_some() {
                return Err(Unfit::Because(format!("it has the key {key} twice")));
            }
        }
        Ok(map)
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_the_eight_words_of_oslo_in_any_case() {
        for (text, value) in [
            ("True", Some(true)),
            ("ON", Some(true)),
            ("yes", Some(true)),
            ("1", Some(true)),
            ("false", Some(false)),
            ("Off", Some(false)),
            ("no", Some(false)),
            ("0", Some(false)),
            ("", None),
            ("y", None),
        ] {
            assert_eq!(bool::parse(text).ok(), value, "{text:?}");
        }
    }

    #[test]
    fn lists_and_maps_lose_the_blanks_around_their_items() {
        assert_eq!(<Vec<String>>::parse(" a, b ,c").unwrap(), ["a", "b", "c"]);
        assert!(<Vec<String>>::parse("").unwrap().is_empty());
        let map = <BTreeMap<String, String>>::parse("x86_64:file:///k , aarch64:http://h/k").unwrap();
        assert_eq!(map["x86_64"], "file:///k");
        assert_eq!(map["aarch64"], "http://h/k");
        assert_eq!(<BTreeMap<String, String>>::parse("a:1,a:2"), Err(Unfit::Because("it has the key a twice".into())));
        assert_eq!(<BTreeMap<String, String>>::parse("a"), Err(Unfit::Kind));
    }

    #[test]
    fn an_empty_optional_value_is_unset() {
        assert_eq!(<Option<u64>>::parse(""), Ok(None));
        assert_eq!(<Option<u64>>::parse("7"), Ok(Some(7)));
        assert_eq!(<Option<u64>>::parse("-7"), Err(Unfit::Kind));
    }
}
