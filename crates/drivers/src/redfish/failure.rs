//! Why a call to a BMC did not do what it should, in sentences that name the BMC and the request.

use std::fmt;

use serde_json::Value;

use crate::error::DriverError;

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was sent.
    Unreachable(String),
    /// It was sent, or may have been; no whole answer came.
    NoAnswer(String),
    /// The BMC answered with an error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the BMC said about it; may be empty.
        said: String,
    },
    /// The BMC's answer makes no sense.
    Nonsense(String),
}

/// A failed call, with what was asked of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The BMC's address.
    pub address: String,
    /// Method and path.
    pub request: String,
    /// Whether it would have changed something.
    pub write: bool,
    /// What went wrong.
    pub failure: Failure,
}

impl CallError {
    /// Whether a repeated read may fare better.
    pub const fn is_transient(&self) -> bool {
        match self.failure {
            Failure::Unreachable(_) | Failure::NoAnswer(_) => true,
            Failure::Refused { status, .. } => status == 429 || status >= 500,
            Failure::Nonsense(_) => false,
        }
    }

    /// The status with which the BMC refused a request that it understood.
    pub const fn client_error(&self) -> Option<u16> {
        match self.failure {
            Failure::Refused { status, .. } if status >= 400 && status < 500 => Some(status),
            _ => None,
        }
    }

    /// Whether the BMC refused the content of the request, or its timing.
    pub fn is_refusal(&self) -> bool {
        matches!(self.client_error(), Some(400 | 405 | 409 | 422)) || self.is_not_implemented()
    }

    const fn is_not_implemented(&self) -> bool {
        matches!(self.failure, Failure::Refused { status: 501, .. })
    }

    /// Whether the request may have landed although it failed.
    fn may_have_landed(&self) -> bool {
        match self.failure {
            Failure::NoAnswer(_) => self.write,
            Failure::Refused { status, .. } => self.write && status >= 500 && !self.is_not_implemented(),
            Failure::Unreachable(_) | Failure::Nonsense(_) => false,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redfish BMC {}: {}: ", self.address, self.request)?;
        match &self.failure {
            Failure::Unreachable(why) => write!(f, "cannot connect: {why}"),
            Failure::NoAnswer(why) | Failure::Nonsense(why) => f.write_str(why),
            Failure::Refused { status: 401, said } => {
                f.write_str("HTTP 401: check redfish_username and redfish_password")?;
                tail(f, said)
            }
            Failure::Refused { status, said } => {
                write!(f, "HTTP {status}")?;
                tail(f, said)
            }
        }
    }
}

fn tail(f: &mut fmt::Formatter<'_>, said: &str) -> fmt::Result {
    if said.is_empty() { Ok(()) } else { write!(f, ": {said}") }
}

impl From<CallError> for DriverError {
    fn from(error: CallError) -> Self {
        let text = Self::Bmc(error.to_string());
        if error.may_have_landed() { text.maybe() } else { text }
    }
}

/// What a BMC says in the body of an error: the messages of its extended info, else its message.
pub fn sentence(body: &Value) -> String {
    const LIMIT: usize = 500;
    let error = &body["error"];
    let infos = error["@Message.ExtendedInfo"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut messages: Vec<&str> = infos.iter().filter_map(|info| info["Message"].as_str()).take(3).collect();
    messages.dedup();
    if messages.is_empty() {
        messages.extend(error["message"].as_str());
    }
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    messages.join("; ").chars().map(visible).take(LIMIT).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_bmcs_own_words_are_passed_on() {
        let said = sentence(&json!({"error": {
            "code": "Base.1.0.GeneralError",
            "message": "See ExtendedInfo",
            "@Message.ExtendedInfo": [
                {"MessageId": "Base.1.0.PropertyValueNotInList", "Message": "The value Pxx is not in\nthe list."},
            ],
        }}));
        assert_eq!(said, "The value Pxx is not in the list.");
        assert_eq!(sentence(&json!({"error": {"message": "No."}})), "No.");
        assert_eq!(sentence(&json!("<html>")), "");
    }

    #[test]
    fn only_a_write_that_may_have_been_carried_out_is_marked() {
        let error = |write, failure| {
            let (address, request) = ("http://bmc/".to_owned(), "POST /x".to_owned());
            DriverError::from(CallError { address, request, write, failure }).maybe_happened()
        };
        let refused = |status| Failure::Refused { status, said: String::new() };
        assert!(error(true, Failure::NoAnswer("cut".to_owned())));
        assert!(error(true, refused(500)));
        assert!(!error(true, refused(400)));
        assert!(!error(true, Failure::Unreachable("refused".to_owned())));
        assert!(!error(false, Failure::NoAnswer("cut".to_owned())));
    }
}
