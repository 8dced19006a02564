//! One port: its attributes as they go over the wire, and when it becomes ACTIVE.

use std::time::Instant;

use chrono::Utc;
use serde_json::{Map, Value, json};

use crate::cloud::neutron::caller::Caller;

/// The attributes of a port.
pub(super) type Values = Map<String, Value>;

/// What says how a port is bound, and is not shown to everybody.
const BINDING: [&str; 4] = ["binding:host_id", "binding:profile", "binding:vif_type", "binding:vif_details"];

/// A port.
#[derive(Clone)]
pub(in crate::cloud::neutron) struct Port {
    values: Values,
    /// None: it is not bound, and stays DOWN.
    pub(super) active_at: Option<Instant>,
}

impl Port {
    /// A port with these attributes, which is not bound.
    pub(super) fn new(values: Values) -> Self {
        let mut port = Self { values, active_at: None };
        port.set("created_at", json!(now()));
        port.set("revision_number", json!(0));
        port.touch();
        port
    }

    /// An attribute; null when it has none such.
    pub(super) fn value(&self, name: &str) -> &Value {
        self.values.get(name).unwrap_or(&Value::Null)
    }

    /// An attribute that is a string.
    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).as_str().unwrap_or_default()
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Counts a change.
    pub(super) fn touch(&mut self) {
        let revision = self.value("revision_number").as_u64().unwrap_or_default() + 1;
        self.set("revision_number", json!(revision));
        self.set("updated_at", json!(now()));
    }

    /// Whether something holds its MAC address in use.
    pub(super) fn is_bound(&self) -> bool {
        !matches!(self.text("binding:vif_type"), "unbound" | "binding_failed")
    }

    /// The switch ports that it is on.
    pub(super) fn links(&self) -> impl Iterator<Item = &Value> {
        self.value("binding:profile")["local_link_information"].as_array().into_iter().flatten()
    }

    /// The addresses that it has.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let fixed_ips = self.value("fixed_ips").as_array().into_iter().flatten();
        fixed_ips.filter_map(|fixed_ip| fixed_ip["ip_address"].as_str())
    }

    /// All of it, as it is now.
    pub(super) fn shown(&self) -> Value {
        let active = self.active_at.is_some_and(|at| at <= Instant::now());
        let mut values = self.values.clone();
        values.insert("status".into(), json!(if active { "ACTIVE" } else { "DOWN" }));
        values.insert("tenant_id".into(), self.value("project_id").clone());
        Value::Object(values)
    }

    /// What the caller may see of it.
    pub(in crate::cloud::neutron) fn shown_to(&self, caller: &Caller) -> Value {
        visible(self.shown(), caller)
    }
}

/// The port without what the caller may not see.
pub(super) fn visible(mut shown: Value, caller: &Caller) -> Value {
    if let (Some(values), false) = (shown.as_object_mut(), caller.sees_all()) {
        values.retain(|name, _| !BINDING.contains(&name.as_str()));
    }
    shown
}

fn now() -> String {
    Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
