//! Why a call to a BMC did not do what it should, in sentences that name the BMC and the request.

use std::fmt;

use serde_json::Value;

use crate::{
    error::DriverError,
    http::{Failure, plain},
};

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
        self.failure.is_transient()
    }

    /// The status with which the BMC refused a request that it understood.
    pub fn client_error(&self) -> Option<u16> {
        self.failure.status().filter(|status| (400..500).contains(status))
    }

    /// Whether the BMC refused the content of the request, or its timing.
    pub const fn is_refusal(&self) -> bool {
        matches!(self.failure.status(), Some(400 | 405 | 409 | 422 | 501))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redfish BMC {}: {}: ", self.address, self.request)?;
        match &self.failure {
            Failure::Refused { status: 401, body } => {
                let said = sentence(body);
                let colon = if said.is_empty() { "" } else { ": " };
                write!(f, "HTTP 401: check redfish_username and redfish_password{colon}{said}")
            }
            failure => f.write_str(&failure.told(sentence)),
        }
    }
}

impl From<CallError> for DriverError {
    fn from(error: CallError) -> Self {
        let text = Self::Bmc(error.to_string());
        if error.write && error.failure.leaves_doubt() { text.maybe() } else { text }
    }
}

/// What a BMC says in the body of an error: the messages of its extended info, else its message.
fn sentence(body: &Value) -> String {
    let error = &body["error"];
    let infos = error["@Message.ExtendedInfo"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut messages: Vec<&str> = infos.iter().filter_map(|info| info["Message"].as_str()).take(3).collect();
    messages.dedup();
    if messages.is_empty() {
        messages.extend(error["message"].as_str());
    }
    plain(&messages.join("; "))
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
        let error = |write| {
            let (address, request) = ("http://bmc/".to_owned(), "POST /x".to_owned());
            let failure = Failure::NoAnswer("cut".to_owned());
            DriverError::from(CallError { address, request, write, failure }).maybe_happened()
        };
        assert!(error(true));
        assert!(!error(false));
    }
}
