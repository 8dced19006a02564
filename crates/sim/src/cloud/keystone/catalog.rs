//! The catalog: which service is where, for which interface and in which region.

use serde_json::{Value, json};

use crate::cloud::{
    setup::{Endpoint, keystone_id},
    state::CloudState,
};

/// The catalog, as a token has it.
pub(super) fn catalog(cloud: &CloudState) -> Value {
    cloud.setup.catalog.services.iter().map(|service| entry(cloud, service)).collect()
}

fn entry(cloud: &CloudState, service: &'static str) -> Value {
    let (name, url) = match service {
        "identity" => ("keystone", format!("{}/v3", cloud.keystone_url)),
        "network" => ("neutron", cloud.neutron_url.clone()),
        "baremetal" => ("ironic", cloud.setup.catalog.baremetal.clone()),
        _ => ("ironic-inspector", cloud.setup.catalog.introspection.clone()),
    };
    let catalog = &cloud.setup.catalog;
    let here =
        |interface: &&'static str| Endpoint { service, interface, region: catalog.region.clone(), url: url.clone() };
    let more = catalog.more.iter().filter(|endpoint| endpoint.service == service).map(endpoint);
    let endpoints: Vec<Value> = catalog.interfaces.iter().map(here).map(|it| endpoint(&it)).chain(more).collect();
    json!({"endpoints": endpoints, "id": keystone_id("service", service), "type": service, "name": name})
}

fn endpoint(endpoint: &Endpoint) -> Value {
    let Endpoint { service, interface, region, url } = endpoint;
    json!({
        "id": keystone_id("endpoint", &format!("{service} {interface} {region}")),
        "interface": interface,
        "region_id": region,
        "url": url,
        "region": region,
    })
}
