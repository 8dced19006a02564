//! Values that must not be seen: they have no way to be printed or serialised (promise S13).

use std::fmt;

use zeroize::Zeroizing;

/// A password, token or key. `Debug` shows `******`; there is no `Display` and no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in; it is wiped from memory when the last copy goes.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself: for sealing it or handing it to the device that asked, and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// What API answers show in place of a secret.
pub const MASK: &str = "******";

/// Whether a key of `driver_info` or `instance_info` names a secret: passwords, tokens, keys to a
/// BMC and SNMP communities.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    const WORDS: [&str; 9] = [
        "password",
        "token",
        "secret",
        "hexkey",
        "hex_kg_key",
        "community",
        "auth_key",
        "priv_key",
        "snmp_protocol_key",
    ];
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s13_a_secret_cannot_be_printed() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2".to_owned()))), "Some(******)");
    }

    #[test]
    fn s13_bmc_passwords_and_snmp_keys_are_known_as_secret() {
        for key in ["redfish_password", "ipmi_password", "ipmi_hex_kg_key", "snmp_auth_key", "SNMP_COMMUNITY"] {
            assert!(is_secret_key(key), "{key}");
        }
        assert!(!is_secret_key("redfish_username"));
    }
}
