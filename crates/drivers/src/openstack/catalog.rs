//! Keystone's catalog: which service is where.

use std::collections::BTreeSet;

use serde_json::Value;

use super::settings::Settings;

/// One URL of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    service_type: String,
    interface: String,
    region: String,
    url: String,
}

/// All endpoints that a token came with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog(Vec<Endpoint>);

impl Catalog {
    /// Reads the `catalog` of a token; what makes no sense in it is left out.
    pub fn parse(catalog: &Value) -> Self {
        let services = catalog.as_array().into_iter().flatten();
        Self(services.flat_map(|service| endpoints(service).filter_map(|one| endpoint(service, one))).collect())
    }

    /// The URL of the service, from the most wanted interface that it has.
    ///
    /// # Errors
    /// What was looked for, and what there is.
    pub fn find(&self, wanted: &Settings) -> Result<&str, String> {
        let of_interface = |interface: &String| {
            self.0.iter().find(|endpoint| {
                endpoint.service_type == wanted.service_type
                    && endpoint.interface == *interface
                    && wanted.region.as_ref().is_none_or(|region| endpoint.region == *region)
            })
        };
        let found = wanted.interfaces.iter().find_map(of_interface);
        found.map(|endpoint| endpoint.url.as_str()).ok_or_else(|| self.without(wanted))
    }

    fn without(&self, wanted: &Settings) -> String {
        let region = wanted.region.as_ref().map(|region| format!(" in region {region}")).unwrap_or_default();
        let (kind, interfaces, group) = (&wanted.service_type, wanted.interfaces.join(" or "), wanted.group);
        format!(
            "the catalog has no endpoint of type {kind}, interface {interfaces}{region}, but {}; see [{group}] \
             service_type, valid_interfaces, region_name and endpoint_override",
            self.instead(kind)
        )
    }

    /// What there is of this type, or else which types there are.
    fn instead(&self, service_type: &str) -> String {
        let of_type = self.0.iter().filter(|endpoint| endpoint.service_type == service_type);
        let places: BTreeSet<String> =
            of_type.map(|one| format!("{} in region {}", one.interface, one.region)).collect();
        let types: BTreeSet<&str> = self.0.iter().map(|endpoint| endpoint.service_type.as_str()).collect();
        match (types.is_empty(), places.is_empty()) {
            (true, _) => "is empty, as for a token without a project".to_owned(),
            (false, true) => format!("only of {}", Vec::from_iter(types).join(", ")),
            (false, false) => format!("only {}", Vec::from_iter(places).join(", ")),
        }
    }
}

fn endpoints(service: &Value) -> impl Iterator<Item = &Value> {
    service["endpoints"].as_array().into_iter().flatten()
}

fn endpoint(service: &Value, endpoint: &Value) -> Option<Endpoint> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Endpoint {
        service_type: text(&service["type"])?,
        interface: text(&endpoint["interface"])?,
        region: text(&endpoint["region_id"]).or_else(|| text(&endpoint["region"])).unwrap_or_default(),
        url: text(&endpoint["url"])?,
    })
}
