//! What a node's `driver_info` says about its IPMI BMC.

use assay_core::{node::Node, secret::Secret};
use serde_json::Value;

use crate::{driver_info::Reader, error::DriverError, interface::Property};

/// The keys of `driver_info` that are read here.
pub const PROPERTIES: &[Property] = &[
    ("ipmi_address", "Address or name of the BMC. Required."),
    ("ipmi_port", "UDP port of the BMC; 623 where it is left out."),
    ("ipmi_username", "Account on the BMC; the anonymous one where it is left out."),
    ("ipmi_password", "Password of that account, of at most 20 bytes (16 with IPMI 1.5)."),
    ("ipmi_priv_level", "ADMINISTRATOR (where it is left out), OPERATOR, USER or CALLBACK."),
    ("ipmi_protocol_version", "2.0 (where it is left out), or 1.5, which sends everything in the clear."),
    ("ipmi_cipher_suite", "Number of the cipher suite of IPMI 2.0, such as 17."),
    ("ipmi_hex_kg_key", "The BMC's key Kg: 40 hexadecimal digits, without zero bytes but at its end."),
    ("ipmi_bridging", "no (where it is left out), single or dual: over how many controllers the BMC is reached."),
    ("ipmi_local_address", "Our own address in bridged requests."),
    ("ipmi_target_channel", "Channel of the bridged request. Required with bridging."),
    ("ipmi_target_address", "Address behind that channel. Required with bridging."),
    ("ipmi_transit_channel", "Channel of the first bridge. Required with dual bridging."),
    ("ipmi_transit_address", "Address of the first bridge. Required with dual bridging."),
    ("ipmi_disable_boot_timeout", "True: the BMC is told to keep a boot device for longer than a minute."),
];

/// The BMC of one node: where it is, and as whom we come.
#[derive(Clone, Debug)]
pub struct DriverInfo {
    /// Address or name.
    pub address: String,
    /// UDP port.
    pub port: u16,
    /// ipmitool's arguments, but for the password, the key and the cipher suite: how the BMC is reached, and as whom.
    pub arguments: Vec<String>,
    /// The account's password.
    pub password: Option<Secret>,
    /// The BMC's key, in hexadecimal digits.
    pub kg_key: Option<Secret>,
    /// The cipher suite that the node names.
    pub cipher_suite: Option<u8>,
    /// Whether the protocol has cipher suites at all.
    pub is_version_2: bool,
    /// Whether the BMC shall keep a boot device for longer than a minute, if the node says.
    pub disable_boot_timeout: Option<bool>,
}

impl DriverInfo {
    /// Reads `driver_info`.
    ///
    /// # Errors
    /// Missing, naming all that is missing; else invalid, with a sentence for each wrong value.
    pub fn parse(node: &Node) -> Result<Self, DriverError> {
        let mut reader = Reader::of(node);
        let info = read(&mut reader);
        reader.end("IPMI", Some(info))
    }
}

/// The most that the protocol has room for, in bytes.
const LONGEST_NAME: usize = 16;
const LONGEST_PASSWORD: [usize; 2] = [16, 20];
const KEY: usize = 20;

fn read(reader: &mut Reader<'_>) -> DriverInfo {
    let address = reader.required("ipmi_address", "an address or a name", host).unwrap_or_default();
    let port = reader.optional("ipmi_port", "a port number", number::<u16>).unwrap_or(623);
    let level = reader.optional("ipmi_priv_level", "ADMINISTRATOR, OPERATOR, USER or CALLBACK", level);
    let version = reader.optional("ipmi_protocol_version", "2.0 or 1.5", version).unwrap_or(true);
    let username = reader.optional("ipmi_username", "a name of at most 16 bytes", name);
    let mut arguments: Vec<String> =
        ["-I", if version { "lanplus" } else { "lan" }, "-H", &address, "-p", &port.to_string()]
            .map(str::to_owned)
            .into();
    arguments.extend(["-L".to_owned(), level.unwrap_or("ADMINISTRATOR").to_owned()]);
    arguments.extend(username.into_iter().flat_map(|name| ["-U".to_owned(), name]));
    arguments.extend(bridge_arguments(reader));
    DriverInfo {
        address,
        port,
        arguments,
        password: password(reader, version),
        kg_key: kg_key(reader),
        cipher_suite: reader.optional("ipmi_cipher_suite", "the number of a cipher suite", number::<u8>),
        is_version_2: version,
        disable_boot_timeout: reader.optional("ipmi_disable_boot_timeout", "a boolean", boolean),
    }
}

/// Over which controllers, in ipmitool's arguments.
fn bridge_arguments(reader: &mut Reader<'_>) -> Vec<String> {
    let bridging = reader.optional("ipmi_bridging", "no, single or dual", bridges);
    let mut arguments = Vec::new();
    let local = reader.optional("ipmi_local_address", NUMBER, bridge_number);
    if bridging.is_some_and(|count| count > 0) {
        arguments.extend(local.into_iter().flat_map(|local| ["-m".to_owned(), local]));
    }
    let transit = [("ipmi_transit_channel", "-B"), ("ipmi_transit_address", "-T")];
    let target = [("ipmi_target_channel", "-b"), ("ipmi_target_address", "-t")];
    let steps = match bridging {
        Some(2) => [transit, target].concat(),
        Some(1) => target.to_vec(),
        _ => Vec::new(),
    };
    for (key, flag) in steps {
        if let Some(number) = reader.required(key, NUMBER, bridge_number) {
            arguments.extend([flag.to_owned(), number]);
        }
    }
    arguments
}

fn password(reader: &mut Reader<'_>, version_2: bool) -> Option<Secret> {
    let longest = LONGEST_PASSWORD[usize::from(version_2)];
    let password = reader.node.secrets.get("ipmi_password")?;
    let text = password.reveal();
    if text.len() > longest || text.contains(char::is_control) {
        reader.refuse(&format!(
            "driver_info/ipmi_password on node {} can't be sent to a BMC: IPMI has room for {longest} bytes without \
             control characters.",
            reader.node.id
        ));
    }
    Some(password.clone())
}

fn kg_key(reader: &mut Reader<'_>) -> Option<Secret> {
    let given = reader.node.secrets.get("ipmi_hex_kg_key")?;
    if kg_bytes(given).is_none() {
        reader.refuse(&format!(
            "driver_info/ipmi_hex_kg_key on node {} is not a key that can be used: 40 hexadecimal digits, without zero \
             bytes but at its end.",
            reader.node.id
        ));
    }
    Some(given.clone())
}

/// What a bridged request is addressed with.
const NUMBER: &str = "a number from 0 to 255, such as 0x20";

fn host(value: &Value) -> Option<String> {
    let host = value.as_str()?.trim();
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_control() || c.is_whitespace() || c == '/');
    plain.then(|| host.trim_matches(['[', ']']).to_owned())
}

fn name(value: &Value) -> Option<String> {
    let name = value.as_str()?;
    (name.len() <= LONGEST_NAME && !name.contains(char::is_control)).then(|| name.to_owned())
}

fn level(value: &Value) -> Option<&'static str> {
    let given = value.as_str()?.to_ascii_uppercase();
    ["ADMINISTRATOR", "OPERATOR", "USER", "CALLBACK"].into_iter().find(|level| *level == given)
}

/// Whether it is version 2.0. Clients send the number as well as its text.
fn version(value: &Value) -> Option<bool> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match text.as_str() {
        "2.0" | "2" => Some(true),
        "1.5" => Some(false),
        _ => None,
    }
}

fn bridges(value: &Value) -> Option<usize> {
    ["no", "single", "dual"].into_iter().position(|word| value == word)
}

/// A number, or its text.
fn number<N: TryFrom<u64>>(value: &Value) -> Option<N> {
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    N::try_from(number).ok()
}

/// A number, or its text, decimal or with `0x`.
fn bridge_number(value: &Value) -> Option<String> {
    let hexadecimal = value.as_str().and_then(|text| u8::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok());
    hexadecimal.or_else(|| number::<u8>(value)).map(|number| format!("{number:#04x}"))
}

fn boolean(value: &Value) -> Option<bool> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("true" | "yes" | "1") => Some(true),
        Some("false" | "no" | "0") => Some(false),
        _ => value.as_bool(),
    }
}

/// The bytes of a key, without the zeros at its end: an environment variable, in which ipmitool is given it, holds none.
pub fn kg_bytes(key: &Secret) -> Option<Vec<u8>> {
    let digits = key.reveal();
    if digits.len() != 2 * KEY || !digits.is_ascii() {
        return None;
    }
    let byte = |place: usize| u8::from_str_radix(&digits[place..place + 2], 16).ok();
    let mut bytes: Vec<u8> = (0..2 * KEY).step_by(2).map(byte).collect::<Option<_>>()?;
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0)? + 1);
    (!bytes.contains(&0)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::task;
    use serde_json::json;

    fn parse(driver_info: &Value, secrets: &[(&str, &str)]) -> Result<DriverInfo, DriverError> {
        let mut node = task("ipmi").node;
        node.driver_info = driver_info.as_object().unwrap().clone();
        node.secrets = secrets.iter().map(|(key, text)| ((*key).to_owned(), Secret::new((*text).to_owned()))).collect();
        DriverInfo::parse(&node)
    }

    #[test]
    fn an_address_alone_is_enough() {
        let info = parse(&json!({"ipmi_address": "[2001:db8::5]"}), &[]).unwrap();
        assert_eq!(info.arguments.join(" "), "-I lanplus -H 2001:db8::5 -p 623 -L ADMINISTRATOR");
    }

    #[test]
    fn bridges_and_all_else_become_arguments() {
        let mut given = json!({
            "ipmi_address": "10.0.0.5", "ipmi_port": "6230", "ipmi_username": "admin", "ipmi_priv_level": "operator",
            "ipmi_protocol_version": "1.5", "ipmi_bridging": "dual", "ipmi_local_address": "0x20",
            "ipmi_transit_channel": "0", "ipmi_transit_address": "0x82", "ipmi_target_channel": 7, "ipmi_target_address": "0x72",
        });
        assert_eq!(
            parse(&given, &[]).unwrap().arguments.join(" "),
            "-I lan -H 10.0.0.5 -p 6230 -L OPERATOR -U admin -m 0x20 -B 0x00 -T 0x82 -b 0x07 -t 0x72"
        );
        given.as_object_mut().unwrap().remove("ipmi_transit_address");
        let error = parse(&given, &[]).unwrap_err();
        assert!(
            matches!(&error, DriverError::MissingParameterValue(text) if text.ends_with("ipmi_transit_address")),
            "{error}"
        );
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let given = json!({
            "ipmi_address": "bmc one", "ipmi_port": 70_000, "ipmi_username": "a name that is too long", "ipmi_priv_level": "GOD",
            "ipmi_protocol_version": "3", "ipmi_cipher_suite": 300, "ipmi_bridging": "triple", "ipmi_disable_boot_timeout": "maybe",
        });
        let secrets = [("ipmi_password", "twenty-one characters"), ("ipmi_hex_kg_key", "0011")];
        let error = parse(&given, &secrets).unwrap_err();
        let DriverError::InvalidParameterValue(text) = error else { panic!("{error:?}") };
        for key in [
            "address",
            "port",
            "username",
            "priv_level",
            "protocol_version",
            "cipher_suite",
            "bridging",
            "disable_boot_timeout",
            "password",
            "hex_kg_key",
        ] {
            assert!(text.contains(&format!("driver_info/ipmi_{key} on node")), "{key}: {text}");
        }
        assert!(!text.contains("twenty-one"), "s13: {text}");
    }

    #[test]
    fn a_key_may_hold_any_byte_but_a_zero_in_its_middle() {
        let key = |digits: &str| kg_bytes(&Secret::new(digits.to_owned()));
        assert_eq!(key("ff80000000000000000000000000000000000000"), Some(vec![0xff, 0x80]));
        for wrong in ["ff00ff0000000000000000000000000000000000", "0000000000000000000000000000000000000000", "zz", "é"]
        {
            assert_eq!(key(wrong), None, "{wrong}");
        }
    }
}
