//! The types of option values that are the parts' own: a database, a pool, hooks, choices.

use std::net::Ipv4Addr;

use assay_core::{
    hooks::{AddPorts, KeepPorts, PhysicalNetworkMap, PhysicalNetworkMapError, Pipeline},
    kernel::KernelParams,
    power::BootMode,
    secret::{MASK, Secret},
};
use assay_drivers::{
    fake::Delay,
    openstack,
    redfish::{AuthType, VerifyCa},
};
use assay_store::{Database, UnusableUrl};

use super::value::{OptionValue, Unfit};

/// Where the database is. Operators' files may hold the URL of a server, with its password.
impl OptionValue for Database {
    fn kind() -> String {
        "`sqlite:///` and a path, or the URL of a PostgreSQL or MariaDB database".to_owned()
    }

    fn shown(text: &str) -> String {
        without_credentials(text)
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        Self::parse(text).map_err(|wrong| match wrong {
            UnusableUrl::Kind => Unfit::Kind,
            other => Unfit::Because(other.to_string()),
        })
    }
}

/// The URL as it may be shown.
fn without_credentials(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (_, place))) => format!("{scheme}://{MASK}@{place}"),
        None => url.to_owned(),
    }
}

/// The URL of an OpenStack service, with or without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUrl(pub String);

impl OptionValue for ServiceUrl {
    fn kind() -> String {
        "URL".to_owned()
    }

    fn shown(text: &str) -> String {
        without_credentials(text)
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        openstack::base(text).map_err(|wrong| Unfit::Because(wrong.to_owned()))?;
        Ok(Self(text.to_owned()))
    }
}

impl OptionValue for Secret {
    fn kind() -> String {
        "secret".to_owned()
    }

    fn shown(_text: &str) -> String {
        MASK.to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        Ok(Self::new(text.to_owned()))
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

impl OptionValue for PhysicalNetworkMap {
    fn kind() -> String {
        "map (network:name, …)".to_owned()
    }

    fn parse(text: &str) -> Result<Self, Unfit> {
        text.parse().map_err(|wrong: PhysicalNetworkMapError| Unfit::Because(wrong.to_string()))
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
    fn a_pool_is_two_addresses_in_their_order() {
        assert!(AddressRange::parse("10.0.0.10-10.0.0.20").is_ok());
        assert!(AddressRange::parse("10.0.0.10, 10.0.0.20").is_ok());
        assert!(matches!(AddressRange::parse("10.0.0.20-10.0.0.10"), Err(Unfit::Because(_))));
        assert_eq!(AddressRange::parse("10.0.0.0/24"), Err(Unfit::Kind));
    }

    #[test]
    fn s13_the_password_in_a_database_url_is_not_shown() {
        assert_eq!(Database::shown("mysql+pymysql://u:p@ss@h/db"), "mysql+pymysql://******@h/db");
        assert_eq!(Database::shown("sqlite:////var/x"), "sqlite:////var/x");
        assert_eq!(<Database as OptionValue>::parse("oracle://h/db"), Err(Unfit::Kind));
    }
}
