//! `PUT /v2.0/ports/{id}`.

use serde_json::{Value, json};

use super::{
    attributes, binding, dhcp_options, policy,
    port::{Port, Values, visible},
    store::Ports,
};
use crate::cloud::{
    neutron::{caller::Caller, problem::Problem},
    setup::CloudSetup,
};

/// A change of one of these binds a port anew.
const BINDING: [&str; 3] = ["binding:host_id", "binding:profile", "binding:vnic_type"];

impl Ports {
    /// Changes a port. Only a switch that does not answer leaves a port that is changed, but not
    /// bound; any other refusal leaves all as it was.
    pub(super) fn change(
        &mut self,
        setup: &CloudSetup,
        caller: &Caller,
        id: &str,
        mut values: Values,
    ) -> Result<Value, Problem> {
        let at = self.position(caller, id)?;
        attributes::check_changes(&mut values)?;
        policy::may_change(caller, &values)?;
        let mut port = self.ports[at].clone();
        self.apply(setup, &mut port, &values)?;
        port.touch();
        let rebinds = BINDING.iter().any(|name| values.get(*name).is_some_and(|new| self.ports[at].value(name) != new));
        let old = std::mem::replace(&mut self.ports[at], port);
        if rebinds {
            binding::leave(&mut self.switches, &old);
            binding::reset(&mut self.ports[at]);
            binding::bind(setup, &mut self.switches, &mut self.ports[at])?;
        }
        Ok(visible(answer(&self.ports[at], rebinds), caller))
    }

    fn apply(&self, setup: &CloudSetup, port: &mut Port, values: &Values) -> Result<(), Problem> {
        if let Some(mac) = values.get("mac_address").and_then(Value::as_str) {
            self.check_new_mac(port, mac)?;
        }
        for (name, value) in values {
            match name.as_str() {
                "extra_dhcp_opts" => dhcp_options::merge(port, value)?,
                "fixed_ips" => {
                    let network = setup.networks.iter().find(|it| it.id.to_string() == port.text("network_id"));
                    if let Some(network) = network {
                        port.set("fixed_ips", self.addresses(network, Some(value), Some(port.text("id")))?);
                    }
                }
                _ => port.set(name, value.clone()),
            }
        }
        Ok(())
    }

    fn check_new_mac(&self, port: &Port, mac: &str) -> Result<(), Problem> {
        let old = port.text("mac_address");
        if old == mac {
            return Ok(());
        }
        if port.is_bound() {
            let (id, kind) = (port.text("id"), port.text("binding:vif_type"));
            let message = format!(
                "Unable to complete operation on port {id}, port is already bound, port type: {kind}, \
                 old_mac {old}, new_mac {mac}."
            );
            return Err(Problem::conflict("PortBound", message));
        }
        self.check_mac(port.text("network_id"), mac)
    }
}

/// A port that was bound anew is not ACTIVE yet; of one that was not, the answer does not say who
/// bound it.
fn answer(port: &Port, rebound: bool) -> Value {
    let mut shown = port.shown();
    if rebound {
        shown["status"] = json!("DOWN");
    } else {
        shown["binding:vif_details"] = json!({});
    }
    shown
}
