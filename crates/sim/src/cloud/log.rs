//! Every request that came, in its order.

use std::sync::Mutex;

use axum::{extract::Query, http::request::Parts};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::CloudRequest;
use crate::world::locked;

/// A request that Keystone or Neutron got.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it was.
    pub request: CloudRequest,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// The parameters of its query, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Its body; null when there is none or it is not JSON.
    pub body: Value,
    /// What it was answered, if only before a connection that was cut; 0 while it is not.
    pub status: u16,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// The requests of one service.
#[derive(Default)]
pub(super) struct Log(Mutex<Vec<Seen>>);

impl Log {
    /// Notes a request that has come, and returns its number.
    pub(super) fn came(&self, request: CloudRequest, parts: &Parts, body: &[u8]) -> usize {
        let query = Query::try_from_uri(&parts.uri).map(|Query(query)| query).unwrap_or_default();
        let mut all = locked(&self.0);
        all.push(Seen {
            request,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query,
            body: serde_json::from_slice(body).unwrap_or_default(),
            status: 0,
            at: Utc::now(),
        });
        all.len() - 1
    }

    /// Notes what a request was answered.
    pub(super) fn answered(&self, number: usize, status: u16) {
        if let Some(seen) = locked(&self.0).get_mut(number) {
            seen.status = status;
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Seen> {
        locked(&self.0).clone()
    }
}
