//! Microversions of the bare metal API: how a request names one, and what exists since which.

mod table;

use std::fmt;

pub use table::{
    Endpoint, NodeField, NodeQuery, PortField, PortQuery, PortgroupField, PortgroupQuery, TooOld, behaviour, verb_since,
};

/// A version `1.<minor>` of the bare metal API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microversion {
    /// The number after `1.`.
    pub minor: u16,
}

/// Why a request's version header was refused; the text is the answer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not `<major>.<minor>` and not `latest`.
    #[error("Invalid value for X-OpenStack-Ironic-API-Version header")]
    Unparseable,
    /// Another major version than 1.
    #[error(
        "Mutually exclusive versions requested. Version {0} requested but not supported by this service. \
         The supported version range is: [{min}, {max}].",
        min = Microversion::MIN,
        max = Microversion::MAX
    )]
    OtherMajor(String),
    /// Older or newer than what is served.
    #[error(
        "Version {0} was requested but the minor version is not supported by this service. \
         The supported version range is: [{min}, {max}].",
        min = Microversion::MIN,
        max = Microversion::MAX
    )]
    OutOfRange(String),
}

impl Microversion {
    /// What a request without a version header gets.
    pub const MIN: Self = Self { minor: 1 };
    /// The newest that is served.
    pub const MAX: Self = Self { minor: 95 };

    /// Chooses the version from the two headers: `OpenStack-API-Version`, a list in which the entry
    /// for `baremetal` counts, and the legacy `X-OpenStack-Ironic-API-Version`.
    ///
    /// # Errors
    /// [`VersionError`] when the header is no version or one that is not served.
    pub fn negotiate(standard: Option<&str>, legacy: Option<&str>) -> Result<Self, VersionError> {
        match standard.and_then(baremetal_entry).or(legacy) {
            Some(text) => Self::parse(text),
            None => Ok(Self::MIN),
        }
    }

    fn parse(text: &str) -> Result<Self, VersionError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("latest") {
            return Ok(Self::MAX);
        }
        let (major, minor) = text.split_once('.').ok_or(VersionError::Unparseable)?;
        let number = |part: &str| -> Result<u32, VersionError> {
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(VersionError::Unparseable);
            }
            Ok(part.parse().unwrap_or(u32::MAX))
        };
        let (major, minor) = (number(major)?, number(minor)?);
        if major != 1 {
            return Err(VersionError::OtherMajor(text.to_owned()));
        }
        u16::try_from(minor)
            .map(|minor| Self { minor })
            .ok()
            .filter(|version| (Self::MIN..=Self::MAX).contains(version))
            .ok_or_else(|| VersionError::OutOfRange(text.to_owned()))
    }

    /// Whether what exists since `1.<since>` exists in this version.
    #[must_use]
    pub const fn has(self, since: u16) -> bool {
        self.minor >= since
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

/// The version that a list such as `compute 2.1, baremetal 1.72` asks of this service.
fn baremetal_entry(list: &str) -> Option<&str> {
    list.split(',').find_map(|entry| match entry.trim().split_once(char::is_whitespace) {
        Some(("baremetal", version)) => Some(version),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_taken_from_either_header_and_defaults_to_the_oldest() {
        let ok = |minor| Ok(Microversion { minor });
        for (standard, legacy, expected) in [
            (None, None, ok(1)),
            (None, Some("1.72"), ok(72)),
            (None, Some("latest"), ok(95)),
            (Some("baremetal 1.40"), None, ok(40)),
            (Some("compute 2.1, baremetal 1.40"), Some("1.30"), ok(40)),
            (Some("baremetal latest"), None, ok(95)),
            (Some("compute 2.1"), Some("1.30"), ok(30)),
            (None, Some("abc"), Err(VersionError::Unparseable)),
            (None, Some("1"), Err(VersionError::Unparseable)),
            (None, Some("1.-1"), Err(VersionError::Unparseable)),
            (None, Some("9.99"), Err(VersionError::OtherMajor("9.99".to_owned()))),
            (None, Some("1.999"), Err(VersionError::OutOfRange("1.999".to_owned()))),
            (None, Some("1.99999999999999999999"), Err(VersionError::OutOfRange("1.99999999999999999999".to_owned()))),
            (None, Some("1.0"), Err(VersionError::OutOfRange("1.0".to_owned()))),
            (None, Some("1.96"), Err(VersionError::OutOfRange("1.96".to_owned()))),
        ] {
            assert_eq!(Microversion::negotiate(standard, legacy), expected, "{standard:?} {legacy:?}");
        }
    }

    #[test]
    fn a_refused_version_is_told_the_range_that_is_served() {
        assert_eq!(
            VersionError::OutOfRange("1.999".to_owned()).to_string(),
            "Version 1.999 was requested but the minor version is not supported by this service. \
             The supported version range is: [1.1, 1.95]."
        );
    }
}
