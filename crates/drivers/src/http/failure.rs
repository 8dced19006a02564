//! How an HTTP call fails, whoever the peer is.

use assay_core::secret::MASK;
use serde_json::Value;

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was sent.
    NotSent(String),
    /// It was sent, or may have been; no whole answer came.
    NoAnswer(String),
    /// The peer answered with an error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the peer said about it, in its own form; null if that is not JSON.
        body: Value,
    },
    /// The peer's answer makes no sense.
    Nonsense(String),
}

impl Failure {
    /// The status of an answer that is an error.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same call may fare better later.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::NoAnswer(_) => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Nonsense(_) => false,
        }
    }

    /// Whether a write that failed so may have been carried out.
    pub const fn leaves_doubt(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused { status, .. } => *status >= 500 && !matches!(status, 501),
            Self::NotSent(_) | Self::Nonsense(_) => false,
        }
    }

    /// The failure in words; `sentence` finds what the peer says in the body of its error.
    pub fn told(&self, sentence: impl Fn(&Value) -> String) -> String {
        match self {
            Self::NotSent(why) | Self::NoAnswer(why) | Self::Nonsense(why) => why.clone(),
            Self::Refused { status: status @ 300..400, .. } => {
                format!("HTTP {status}: a redirect, which is not followed")
            }
            Self::Refused { status, body } => match sentence(body) {
                said if said.is_empty() => format!("HTTP {status}"),
                said => format!("HTTP {status}: {said}"),
            },
        }
    }

    /// The failure without `secret`, should the peer have echoed it.
    pub fn without(self, secret: &str) -> Self {
        match self {
            Self::Refused { status, body } if !secret.is_empty() => {
                Self::Refused { status, body: masked(body, secret) }
            }
            other => other,
        }
    }
}

fn masked(value: Value, secret: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(secret, MASK)),
        Value::Array(items) => items.into_iter().map(|item| masked(item, secret)).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, item)| (key.replace(secret, MASK), masked(item, secret))).collect()
        }
        other => other,
    }
}

/// A peer's words, fit for one line of a log.
pub fn plain(text: &str) -> String {
    const LIMIT: usize = 500;
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(visible).take(LIMIT).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_may_have_been_carried_out_leaves_doubt() {
        let refused = |status| Failure::Refused { status, body: Value::Null };
        for (failure, doubt, transient) in [
            (Failure::NoAnswer("cut".to_owned()), true, true),
            (Failure::NotSent("refused".to_owned()), false, true),
            (Failure::Nonsense("<html>".to_owned()), false, false),
            (refused(500), true, true),
            (refused(501), false, true),
            (refused(429), false, true),
            (refused(400), false, false),
        ] {
            assert_eq!((failure.leaves_doubt(), failure.is_transient()), (doubt, transient), "{failure:?}");
        }
    }

    #[test]
    fn s13_a_secret_that_a_peer_echoes_is_masked_wherever_it_stands() {
        let body = json!({"hunter2": ["a hunter2", {"b": "hunter2"}], "c": 1});
        let failure = Failure::Refused { status: 401, body }.without("hunter2");
        let body = json!({"******": ["a ******", {"b": "******"}], "c": 1});
        assert_eq!(failure, Failure::Refused { status: 401, body });
        assert!(!format!("{failure:?}").contains("hunter2"));
    }
}
