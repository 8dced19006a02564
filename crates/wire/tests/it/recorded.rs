//! Recorded exchanges by name.

use assay_core::{microversion::Microversion, node::Timestamp};
use serde_json::Value;

/// One recorded exchange.
pub struct Sample(Value);

pub fn sample(name: &str) -> Sample {
    include_str!("../data/ironic39-agent.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|value| value["sample"] == name)
        .map(Sample)
        .unwrap_or_else(|| panic!("no sample {name}"))
}

impl Sample {
    pub fn sent(&self) -> &Value {
        &self.0["request_body"]
    }

    pub fn answer(&self) -> &Value {
        &self.0["response_body"]
    }

    pub fn refusal(&self) -> String {
        assay_wire::fault::text(self.answer()).unwrap()
    }

    /// The version of the request; ours, where it is younger than what we serve.
    pub fn version(&self) -> Microversion {
        Microversion::negotiate(None, self.0["version"].as_str()).unwrap_or(Microversion::MAX)
    }
}

/// A point in time, the recorded answers' base URL and conductor.
pub fn now() -> Timestamp {
    "2026-11-23T05:31:15.094307Z".parse().unwrap()
}

pub const BASE: &str = "http://127.0.0.1:16385";
pub const CONDUCTOR: &str = "ironic39";
