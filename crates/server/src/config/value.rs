//! The types of option values, read as oslo.config reads them.

use std::{collections::BTreeMap, net::IpAddr, net::Ipv4Addr, path::PathBuf, time::Duration};

use assay_core::secret::Secret;

/// A type that an option can have.
pub trait OptionValue: Sized {
    /// The value must never be shown.
    const SECRET: bool = false;

    /// What values look like, for the reference page and for refusals.
    fn kind() -> String;

    /// Reads a value; `None` when the text is none.
    fn parse(text: &str) -> Option<Self>;

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
    const SECRET: bool = T::SECRET;

    fn kind() -> String {
        T::kind()
    }

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Some(None) } else { T::parse(text).map(Some) }
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

    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => Some(true),
            "false" | "0" | "off" | "no" => Some(false),
            _ => None,
        }
    }
}

macro_rules! numbers {
    ($($type:ty: $kind:literal),+) => {$(
        impl OptionValue for $type {
            fn kind() -> String {
                $kind.to_owned()
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn number(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
        }
    )+};
}
numbers!(u16: "port number", u32: "whole number", u64: "whole number", usize: "whole number");

impl OptionValue for Duration {
    fn kind() -> String {
        "seconds".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::from_secs)
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

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}
texts!(String: "text", PathBuf: "path", IpAddr: "IP address", Ipv4Addr: "IPv4 address");

impl OptionValue for Secret {
    const SECRET: bool = true;

    fn kind() -> String {
        "secret".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(Self::new(text.to_owned()))
    }
}

impl<T: OptionValue> OptionValue for Vec<T> {
    fn kind() -> String {
        format!("list ({}, …)", T::kind())
    }

    fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::new());
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

    fn parse(text: &str) -> Option<Self> {
        let mut map = Self::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (key, value) = item.split_once(':')?;
            let former = map.insert(key.trim().to_owned(), value.trim().to_owned());
            if former.is_some() {
                return None;
            }
        }
        Some(map)
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }
}

/// The first and the last address of a pool, both in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    /// The lowest address.
    pub first: Ipv4Addr,
    /// The highest address.
    pub last: Ipv4Addr,
}

impl OptionValue for AddressRange {
    fn kind() -> String {
        "first-last (IPv4 addresses)".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once(['-', ','])?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(Self { first, last })
    }
}

/// Makes an enum whose variants are the texts that an option accepts.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $crate::config::value::OptionValue for $name {
            fn kind() -> String {
                [$($text),+].join(" \\| ")
            }

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use choices;

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
            assert_eq!(bool::parse(text), value, "{text:?}");
        }
    }

    #[test]
    fn lists_and_maps_lose_the_blanks_around_their_items() {
        assert_eq!(<Vec<String>>::parse(" a, b ,c").unwrap(), ["a", "b", "c"]);
        assert!(<Vec<String>>::parse("").unwrap().is_empty());
        let map = <BTreeMap<String, String>>::parse("x86_64:file:///k , aarch64:http://h/k").unwrap();
        assert_eq!(map["x86_64"], "file:///k");
        assert_eq!(map["aarch64"], "http://h/k");
        assert_eq!(<BTreeMap<String, String>>::parse("a:1,a:2"), None);
        assert_eq!(<BTreeMap<String, String>>::parse("a"), None);
    }

    #[test]
    fn a_pool_is_two_addresses_in_their_order() {
        assert!(AddressRange::parse("10.0.0.10-10.0.0.20").is_some());
        assert!(AddressRange::parse("10.0.0.10, 10.0.0.20").is_some());
        assert_eq!(AddressRange::parse("10.0.0.20-10.0.0.10"), None);
        assert_eq!(AddressRange::parse("10.0.0.0/24"), None);
    }

    #[test]
    fn an_empty_optional_value_is_unset() {
        assert_eq!(<Option<u64>>::parse(""), Some(None));
        assert_eq!(<Option<u64>>::parse("7"), Some(Some(7)));
        assert_eq!(<Option<u64>>::parse("-7"), None);
    }
}
