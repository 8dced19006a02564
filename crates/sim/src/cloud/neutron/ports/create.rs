//! `POST /v2.0/ports`.

use assay_core::mac::MacAddress;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    attributes, binding, dhcp_options, policy,
    port::{Port, Values, visible},
    store::Ports,
};
use crate::cloud::{
    neutron::{caller::Caller, groups, networks, problem::Problem},
    setup::{CloudSetup, FakeNetwork, keystone_id},
};

/// The project of a port that nobody has asked for through the API.
const FOREIGN: &str = "tenant";

impl Ports {
    /// Creates a port for the caller, in the caller's project.
    pub(super) fn create(&mut self, setup: &CloudSetup, caller: &Caller, mut values: Values) -> Result<Value, Problem> {
        attributes::check_new(&mut values)?;
        let network = networks::find(setup, caller, values["network_id"].as_str().unwrap_or_default())?;
        policy::may_create(caller, &values, setup.allows_binding_on_create)?;
        let project = owner(caller, &values)?;
        if self.ports.iter().filter(|port| port.text("project_id") == project).count() >= setup.port_quota {
            return Err(Problem::conflict("OverQuota", "Quota exceeded for resources: ['port']."));
        }
        Ok(visible(self.insert(setup, network, &project, &values)?, caller))
    }

    /// Puts a port there for somebody else, and returns its id.
    pub(in crate::cloud) fn add_foreign(&mut self, setup: &CloudSetup, mut values: Values) -> anyhow::Result<String> {
        let tenant = setup.networks.iter().find(|network| network.name == "tenant").map(|network| network.id);
        values.entry("network_id").or_insert(json!(tenant));
        attributes::check_new(&mut values)?;
        let id = values["network_id"].as_str().unwrap_or_default();
        let network = setup.networks.iter().find(|network| network.id.to_string() == id);
        let network = network.ok_or_else(|| Problem::absent("NetworkNotFound", "Network", id))?;
        let project = values.get("project_id").and_then(Value::as_str).map(str::to_owned);
        let project = project.unwrap_or_else(|| keystone_id("project", FOREIGN));
        let port = self.insert(setup, network, &project, &values)?;
        Ok(port["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Returns the port as it is in the answer: not ACTIVE yet.
    fn insert(
        &mut self,
        setup: &CloudSetup,
        network: &FakeNetwork,
        project: &str,
        values: &Values,
    ) -> Result<Value, Problem> {
        let mac = values.get("mac_address").and_then(Value::as_str).map_or_else(random_mac, str::to_owned);
        self.check_mac(&network.id.to_string(), &mac)?;
        let mut port = Port::new(fresh(network, project));
        for (name, value) in values.iter().filter(|(name, _)| *name != "extra_dhcp_opts") {
            port.set(name, value.clone());
        }
        port.set("mac_address", json!(mac));
        port.set("fixed_ips", self.addresses(network, values.get("fixed_ips"), None)?);
        port.set("security_groups", security_groups(setup, network, values)?);
        dhcp_options::merge(&mut port, values.get("extra_dhcp_opts").unwrap_or(&Value::Null))?;
        binding::bind(setup, &mut self.switches, &mut port)?;
        let mut shown = port.shown();
        shown["status"] = json!("DOWN");
        self.ports.push(port);
        Ok(shown)
    }
}

/// The project that the port will belong to: the caller's, unless an administrator names another.
fn owner(caller: &Caller, values: &Values) -> Result<String, Problem> {
    match (values.get("project_id").and_then(Value::as_str), &caller.project) {
        (Some(named), own) if caller.is("admin") || own.as_deref() == Some(named) => Ok(named.to_owned()),
        (Some(_), _) => {
            Err(Problem::bad("Specifying 'project_id' or 'tenant_id' other than the authenticated project"))
        }
        (None, Some(own)) => Ok(own.clone()),
        (None, None) => Err(Problem::bad("Running without a project requires that project_id is specified")),
    }
}

fn fresh(network: &FakeNetwork, project: &str) -> Values {
    let port = json!({
        "id": Uuid::new_v4(),
        "name": "",
        "network_id": network.id,
        "project_id": project,
        "admin_state_up": true,
        "device_id": "",
        "device_owner": "",
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
        "description": "",
        "binding:vnic_type": "normal",
        "binding:profile": {},
        "binding:host_id": "",
        "binding:vif_type": "unbound",
        "binding:vif_details": {},
        "port_security_enabled": network.port_security,
        "tags": [],
    });
    match port {
        Value::Object(values) => values,
        _ => Values::new(),
    }
}

/// From the range of Neutron's `base_mac`.
fn random_mac() -> String {
    let [a, b, c] = rand::random();
    MacAddress([0xfa, 0x16, 0x3e, a, b, c]).to_string()
}

/// The groups that were asked for; without any, the default one where the network takes groups.
fn security_groups(setup: &CloudSetup, network: &FakeNetwork, values: &Values) -> Result<Value, Problem> {
    let known: Vec<String> = setup.security_groups.iter().map(|name| groups::id(name)).collect();
    let secure = values.get("port_security_enabled").and_then(Value::as_bool).unwrap_or(network.port_security);
    let wanted = values.get("security_groups").and_then(Value::as_array);
    match wanted.map(Vec::as_slice) {
        None if secure => Ok(known.first().map_or_else(|| json!([]), |default| json!([default]))),
        None | Some([]) => Ok(json!([])),
        Some(_) if !secure => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "PortSecurityAndIPRequiredForSecurityGroups",
            "Port security must be enabled and port must have an IP address in order to use security groups.",
        )),
        Some(wanted) => match wanted.iter().find(|id| !known.iter().any(|known| **id == known.as_str())) {
            Some(unknown) => {
                let message = format!("Security group {} does not exist", unknown.as_str().unwrap_or_default());
                Err(Problem::new(StatusCode::NOT_FOUND, "SecurityGroupNotFound", message))
            }
            None => Ok(json!(wanted)),
        },
    }
}
