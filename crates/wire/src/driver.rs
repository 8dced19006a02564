//! Hardware types and conductors, as the API shows them.

use std::collections::BTreeMap;

use assay_core::{
    microversion::{Endpoint, Microversion, NodeField, behaviour},
    node::{InterfaceKind, JsonMap, Timestamp},
};
use serde_json::{Value, json};

use crate::{links::pair, node::view::time};

/// A hardware type that this service can drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareType {
    /// Its name, such as `redfish`.
    pub name: String,
    /// The conductors that serve it.
    pub hosts: Vec<String>,
    /// The implementations that nodes of this type may use, the default first.
    pub interfaces: BTreeMap<InterfaceKind, Vec<String>>,
}

impl HardwareType {
    /// The type as an answer shows it; with its interfaces if `detail`.
    #[must_use]
    pub fn view(&self, base: &str, version: Microversion, detail: bool) -> Value {
        let mut view = JsonMap::new();
        view.insert("name".to_owned(), json!(self.name));
        view.insert("hosts".to_owned(), json!(self.hosts));
        view.insert("links".to_owned(), json!(pair(base, format_args!("drivers/{}", self.name))));
        if version.has(behaviour::DRIVER_PROPERTIES_LINK) {
            view.insert("properties".to_owned(), json!(pair(base, format_args!("drivers/{}/properties", self.name))));
        }
        if version.has(Endpoint::DriverDetail.since()) {
            view.insert("type".to_owned(), json!("dynamic"));
            if detail {
                self.show_interfaces(&mut view, version);
            }
        }
        Value::Object(view)
    }

    fn show_interfaces(&self, view: &mut JsonMap, version: Microversion) {
        for (kind, names) in &self.interfaces {
            let since = NodeField::parse(&kind.field()).map_or(u16::MAX, NodeField::since);
            if version.has(since) {
                view.insert(format!("default_{kind}_interface"), json!(names.first()));
                view.insert(format!("enabled_{kind}_interfaces"), json!(names));
            }
        }
    }
}

/// A process that drives nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conductor {
    /// Its host name, as it stands in a node's `reservation`.
    pub hostname: String,
    /// The group of nodes that it serves; empty for those without a group.
    pub group: String,
    /// Whether it has been heard of lately.
    pub alive: bool,
    /// The hardware types that it serves.
    pub drivers: Vec<String>,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When it was last heard of.
    pub updated_at: Timestamp,
}

impl Conductor {
    /// The conductor as an answer shows it.
    #[must_use]
    pub fn view(&self, base: &str, detail: bool) -> Value {
        let mut view = json!({
            "hostname": self.hostname,
            "conductor_group": self.group,
            "alive": self.alive,
            "links": pair(base, format_args!("conductors/{}", self.hostname)),
        });
        if detail {
            view["drivers"] = json!(self.drivers);
            view["created_at"] = json!(time(Some(self.created_at)));
            view["updated_at"] = json!(time(Some(self.updated_at)));
        }
        view
    }
}
