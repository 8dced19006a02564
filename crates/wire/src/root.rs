//! The version documents at `/` and `/v1`, and the one of volumes.

use std::fmt::Display;

use assay_core::microversion::{Endpoint, Microversion};
use serde_json::{Map, Value, json};

use crate::links::pair;

fn version(base: &str) -> Value {
    json!({
        "id": "v1",
        "links": [{"href": format!("{base}/v1/"), "rel": "self"}],
        "status": "CURRENT",
        "min_version": Microversion::MIN.to_string(),
        "version": Microversion::MAX.to_string(),
    })
}

/// `GET /`: the ramdisk reads `default_version.version`.
#[must_use]
pub fn root(base: &str) -> Value {
    json!({
        "name": "OpenStack Ironic API",
        "description": "Assay: bare metal, inspected in band on an isolated network.",
        "default_version": version(base),
        "versions": [version(base)],
    })
}

/// `GET /v1`: the collections that `asked` has.
#[must_use]
pub fn v1(base: &str, asked: Microversion) -> Value {
    let mut document = Map::new();
    document.insert("id".to_owned(), json!("v1"));
    document.insert("links".to_owned(), json!([{"href": format!("{base}/v1/"), "rel": "self"}]));
    document.insert(
        "media_types".to_owned(),
        json!({"base": "application/json", "type": "application/vnd.openstack.ironic.v1+json"}),
    );
    document.insert("version".to_owned(), version(base));
    for (collection, since) in COLLECTIONS {
        if asked.has(*since) {
            document.insert((*collection).to_owned(), json!(pair(base, format_args!("{collection}/"))));
        }
    }
    Value::Object(document)
}

/// `GET /v1/volume` and the same below a node: the collections below `path`.
#[must_use]
pub fn volume(base: &str, path: impl Display) -> Value {
    json!({
        "links": pair(base, format_args!("{path}/")),
        "connectors": pair(base, format_args!("{path}/connectors")),
        "targets": pair(base, format_args!("{path}/targets")),
    })
}

const COLLECTIONS: &[(&str, u16)] = &[
    ("chassis", 1),
    ("nodes", 1),
    ("ports", 1),
    ("drivers", 1),
    ("portgroups", Endpoint::Portgroups.since()),
    ("conductors", Endpoint::Conductors.since()),
    ("continue_inspection", Endpoint::ContinueInspection.since()),
];

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "http://127.0.0.1:6385";

    #[test]
    fn the_root_names_the_range_of_versions() {
        let root = root(BASE);
        assert_eq!(root["default_version"]["version"], "1.95");
        assert_eq!(root["versions"][0]["min_version"], "1.1");
        assert_eq!(root["versions"][0]["links"][0]["href"], "http://127.0.0.1:6385/v1/");
    }

    #[test]
    fn a_collection_is_named_since_it_exists() {
        let oldest = v1(BASE, Microversion::MIN);
        assert!(oldest.get("conductors").is_none());
        let newest = v1(BASE, Microversion::MAX);
        assert_eq!(newest["conductors"][1]["href"], "http://127.0.0.1:6385/conductors/");
        assert_eq!(newest["version"]["version"], "1.95");
    }
}
