//! Why a command did not do what it should, from what ipmitool says about it.

use std::{fmt, time::Duration};

use assay_core::secret::{MASK, Secret};

use crate::{error::DriverError, http::plain};

/// How a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The BMC never got it: no program, no address, no session.
    NotSent(String),
    /// The BMC takes no session with this cipher suite.
    CipherSuite(String),
    /// It was sent, or may have been; no answer came.
    NoAnswer(String),
    /// The BMC answered with an error.
    Refused(String),
    /// The BMC's answer makes no sense.
    Nonsense(String),
}

impl Failure {
    /// Reads what ipmitool wrote when it failed.
    pub fn of_output(said: &str, password: Option<&Secret>) -> Self {
        let told = sentences(said, password);
        let has = |text: &str| said.contains(text);
        let refused = has("open session response") && (has("algorithm") || has("cipher suite"));
        if refused || has("is not what we requested") {
            Self::CipherSuite(told)
        } else if has("Unable to establish") || has("Could not open socket") {
            Self::NotSent(told)
        } else if has("rsp=0x") || has(" failed: ") {
            Self::Refused(told)
        } else {
            Self::NoAnswer(told)
        }
    }

    /// What is known of one that took longer than it may.
    pub fn timed_out(patience: Duration) -> Self {
        Self::NoAnswer(format!("no answer within {} s", patience.as_secs_f32()))
    }

    /// Whether a repeated read may fare better: one that was not sent, or not answered.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NotSent(_) | Self::NoAnswer(_))
    }

    /// The words.
    pub const fn told(&self) -> &String {
        match self {
            Self::NotSent(told)
            | Self::CipherSuite(told)
            | Self::NoAnswer(told)
            | Self::Refused(told)
            | Self::Nonsense(told) => told,
        }
    }
}

/// What ipmitool says besides why.
const NOISE: [&str; 3] =
    ["Unable to Get Channel Cipher Suites", "Close Session command failed", "Unable to close session"];

/// Hints for what operators most often get wrong, by a text of ipmitool's.
const HINTS: [(&str, &str); 4] = [
    ("Set Session Privilege Level", "check ipmi_priv_level: the account may not have it"),
    ("unauthorized name", "check ipmi_username"),
    ("HMAC is invalid", "check ipmi_password and ipmi_hex_kg_key"),
    (
        "Unable to establish",
        "check ipmi_address, ipmi_port, ipmi_username and ipmi_password, and whether the BMC takes ipmi_cipher_suite",
    ),
];

fn sentences(said: &str, password: Option<&Secret>) -> String {
    let lines =
        said.lines().map(str::trim).filter(|line| !line.is_empty() && !NOISE.iter().any(|noise| line.contains(noise)));
    let mut words: Vec<&str> = Vec::new();
    for line in lines {
        if !words.contains(&line) {
            words.push(line);
        }
    }
    words.extend(HINTS.iter().find(|(text, _)| said.contains(text)).map(|(_, hint)| *hint));
    let told = if words.is_empty() { "ipmitool failed without a word".to_owned() } else { words.join("; ") };
    match password.map(Secret::reveal).filter(|password| !password.is_empty()) {
        Some(password) => plain(&told.replace(password, MASK)),
        None => plain(&told),
    }
}

/// A failed command, with what was asked of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The BMC's address.
    pub address: String,
    /// The command, without what is secret.
    pub command: String,
    /// Whether it would have changed something.
    pub write: bool,
    /// What went wrong.
    pub failure: Failure,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IPMI BMC {}: {}: {}", self.address, self.command, self.failure.told())
    }
}

impl From<CallError> for DriverError {
    fn from(error: CallError) -> Self {
        let text = Self::Bmc(error.to_string());
        if error.write && matches!(error.failure, Failure::NoAnswer(_)) { text.maybe() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ipmitool_says_tells_whether_the_bmc_got_the_command() {
        let kind = |said| match Failure::of_output(said, None) {
            Failure::NotSent(_) => "not sent",
            Failure::CipherSuite(_) => "cipher suite",
            Failure::NoAnswer(_) => "no answer",
            Failure::Refused(_) => "refused",
            Failure::Nonsense(_) => "nonsense",
        };
        for (said, expected) in [
            ("Error: Unable to establish IPMI v2 / RMCP+ session\n", "not sent"),
            (
                "Error in open session response message : insufficient resources for new session\n\nError: Unable to establish IPMI v2 / RMCP+ session\n",
                "not sent",
            ),
            (
                "Error in open session response message : invalid authentication algorithm\n\nError: Unable to establish IPMI v2 / RMCP+ session\n",
                "cipher suite",
            ),
            (
                "Error in open session response message : no cipher suite match with proposed security algorithms\n",
                "cipher suite",
            ),
            (
                "Authentication algorithm 0x01 is not what we requested 0x03\n\
                 Error: Unable to establish IPMI v2 / RMCP+ session\n",
                "cipher suite",
            ),
            (
                "Address lookup for nosuch failed\nCould not open socket!\nError: Unable to establish IPMI v2 / RMCP+ session\n",
                "not sent",
            ),
            (
                "Unable to send RAW command (channel=0x0 netfn=0x0 lun=0x0 cmd=0x8 rsp=0xcc): Invalid data field in request\n",
                "refused",
            ),
            ("Set Chassis Power Control to Up/On failed: Command not supported in present state\n", "refused"),
            ("Unable to set Chassis Power Control to Up/On\n", "no answer"),
            ("Unable to send RAW command (channel=0x0 netfn=0x0 lun=0x0 cmd=0x8)\n", "no answer"),
            ("", "no answer"),
        ] {
            assert_eq!(kind(said), expected, "{said}");
        }
    }

    #[test]
    fn s13_neither_noise_nor_the_password_is_passed_on_but_a_hint_is() {
        let said = "Unable to Get Channel Cipher Suites\nhunter2: HMAC is invalid\n";
        let failure = Failure::of_output(said, Some(&Secret::new("hunter2".to_owned())));
        assert_eq!(failure.told(), "******: HMAC is invalid; check ipmi_password and ipmi_hex_kg_key");
    }
}
