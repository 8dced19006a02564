//! The types of option values, read as oslo.config reads them.

use std::{collections::BTreeMap, net::IpAddr, net::Ipv4Addr, path::PathBuf, time::Duration};

use assay_core::{
    hooks::{AddPorts, KeepPorts, Pipeline},
    kernel::KernelParams,
    power::BootMode,
    secret::MASK,
};
use assay_drivers::{
    fake::Delay,
    redfish::{AuthType, VerifyCa},
};

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
numbers!(u16: "port number", u32: "whole number", u64: "whole number", usize: "whole number");

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

/// Where the database is. Operators' files may hold the URL of a server, with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The file of an SQLite database.
    pub path: PathBuf,
}

impl OptionValue for DatabaseUrl {
    fn kind() -> String {
        "`sqlite:///` and a path".to_owned()
    }

    fn shown(text: &str) -> String {
        match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
            Some((scheme, (_, place))) => format!("{scheme}://{MASK}@{place}"),
            None => text.to_owned(),
        }
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        let path = text.strip_prefix("sqlite:///").filter(|path| !path.is_empty()).ok_or(Unfit::Kind)?;
        Ok(Self { path: path.into() })
    }
}

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

    fn parse(text: &str) -> Result<Self, Unfit> {
        let (first, last) = text.split_once(['-', ',']).ok_or(Unfit::Kind)?;
        let (first, last) = (Ipv4Addr::parse(first.trim())?, Ipv4Addr::parse(last.trim())?);
        if first > last { Err(Unfit::Because(format!("{first} is above {last}"))) } else { Ok(Self { first, last }) }
    }
}

impl OptionValue for KernelParams {
    fn kind() -> String {
        "kernel parameters".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        Self::parse(text).map_err(|wrong| Unfit::Because(wrong.to_string()))
    }
}

impl OptionValue for Pipeline {
    fn kind() -> String {
        "list of hooks".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        // `$default_hooks` has been replaced already.
        Self::parse(text, "").map_err(|wrong| Unfit::Because(wrong.to_string()))
    }
}

impl OptionValue for Delay {
    fn kind() -> String {
        "seconds, or a range of them as `1,10`".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        text.parse().map_err(|_| Unfit::Kind)
    }
}

impl OptionValue for AuthType {
    fn kind() -> String {
        "auto \\| basic \\| session".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        Self::parse(text).ok_or(Unfit::Kind)
    }
}

impl OptionValue for VerifyCa {
    fn kind() -> String {
        "boolean or path".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        Self::parse(&serde_json::Value::from(text)).ok_or(Unfit::Kind)
    }
}

/// Options whose values are the core's own words.
macro_rules! core_words {
    ($($type:ty),+) => {$(
        impl OptionValue for $type {
            fn kind() -> String {
                <$type>::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" \\| ")
            }

            fn parse(text: &str) -> Result<Self, Unfit> {
                <$type>::parse(text).ok_or(Unfit::Kind)
            }
        }
    )+};
}
core_words!(AddPorts, KeepPorts, BootMode);

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

            fn parse(text: &str) -> Result<Self, $crate::config::value::Unfit> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::config::value::Unfit::Kind),
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
    fn a_pool_is_two_addresses_in_their_order() {
        assert!(AddressRange::parse("10.0.0.10-10.0.0.20").is_ok());
        assert!(AddressRange::parse("10.0.0.10, 10.0.0.20").is_ok());
        assert!(matches!(AddressRange::parse("10.0.0.20-10.0.0.10"), Err(Unfit::Because(_))));
        assert_eq!(AddressRange::parse("10.0.0.0/24"), Err(Unfit::Kind));
    }

    #[test]
    fn s13_the_password_in_a_database_url_is_not_shown() {
        assert_eq!(DatabaseUrl::shown("mysql+pymysql://u:p@ss@h/db"), "mysql+pymysql://******@h/db");
        assert_eq!(DatabaseUrl::shown("sqlite:////var/x"), "sqlite:////var/x");
        assert_eq!(DatabaseUrl::parse("sqlite:////var/x").unwrap().path, PathBuf::from("/var/x"));
        assert_eq!(DatabaseUrl::parse("mysql://h/db"), Err(Unfit::Kind));
    }

    #[test]
    fn an_empty_optional_value_is_unset() {
        assert_eq!(<Option<u64>>::parse(""), Ok(None));
        assert_eq!(<Option<u64>>::parse("7"), Ok(Some(7)));
        assert_eq!(<Option<u64>>::parse("-7"), Err(Unfit::Kind));
    }
}
