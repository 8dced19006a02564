//! Which NICs of a node an inspection moves.
//!
//! **Invariant:** decided before any power action: a NIC that the switch can't be told of would boot
//! on whatever network it is on.

use assay_core::port::Port;
use serde_json::Value;

use crate::{error::DriverError, interface::Task};

/// What a NIC must have to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Also those that are not booted from.
    pub all: bool,
    /// The switch has to be told where the NIC is plugged in.
    pub link: bool,
    /// The ports of a group are moved as one.
    pub bonds: bool,
    /// The physical networks on which the inspection network is; empty when nobody told.
    pub physical_networks: &'a [String],
}

/// The ports to be moved, and those that lack something, one sentence each.
#[derive(Debug, Default)]
pub struct Eligible<'a> {
    /// To be moved.
    pub ports: Vec<&'a Port>,
    /// Left out.
    pub left_out: Vec<String>,
}

/// Chooses the ports of the node. A node without any port is left to the boot interface, which falls
/// back for it, unless it does not boot from the network.
///
/// # Errors
/// Invalid: no port could be moved; the text names each and what it lacks.
pub fn eligible<'a>(task: &'a Task, wanted: Wanted<'_>) -> Result<Eligible<'a>, DriverError> {
    if task.ports.is_empty() && !task.boots_from_media {
        return Ok(Eligible::default());
    }
    let node = task.node.id;
    let all = wanted.all || task.boots_from_media;
    let (mut chosen, kind) = (Eligible::default(), if all { "" } else { "PXE-enabled " });
    let candidates: Vec<&Port> = task.ports.iter().filter(|port| all || port.pxe_enabled).collect();
    if candidates.is_empty() {
        return Err(DriverError::InvalidParameterValue(format!("No available {kind}ports on node {node}.")));
    }
    for port in candidates {
        match lacks(port, wanted) {
            Some(lack) => chosen.left_out.push(format!("port {} ({}) {lack}", port.id, port.address)),
            None => chosen.ports.push(port),
        }
    }
    if chosen.ports.is_empty() {
        let text = format!(
            "No {kind}port of node {node} can be put on the inspection network: {}.",
            chosen.left_out.join("; ")
        );
        return Err(DriverError::InvalidParameterValue(text));
    }
    if wanted.bonds {
        bond(&mut chosen);
    }
    Ok(chosen)
}

/// Keeps one port of each group, for all of them: one that is booted from, if there is any.
fn bond(chosen: &mut Eligible<'_>) {
    chosen.ports.sort_by_key(|port| !port.pxe_enabled);
    let mut kept: Vec<&Port> = Vec::new();
    for port in std::mem::take(&mut chosen.ports) {
        let leader = kept.iter().find(|kept| port.portgroup_id.is_some() && kept.portgroup_id == port.portgroup_id);
        match leader {
            Some(leader) => chosen.left_out.push(format!(
                "port {} ({}) is bonded with port {}, whose Neutron port is for both",
                port.id, port.address, leader.id
            )),
            None => kept.push(port),
        }
    }
    chosen.ports = kept;
}

fn lacks(port: &Port, wanted: Wanted<'_>) -> Option<String> {
    if client_id(port).is_some() {
        return None;
    }
    let link = &port.local_link_connection;
    if wanted.link && link.is_empty() {
        let text = "has no local_link_connection: set its switch_id, port_id and switch_info, or let a first inspection \
                    on the right network find them by LLDP";
        return Some(text.to_owned());
    }
    let has_smartnic_link = link.contains_key("hostname") && link.contains_key("port_id");
    match (port.is_smartnic, has_smartnic_link) {
        (true, false) => {
            return Some("is a smart NIC whose local_link_connection has no hostname and port_id".to_owned());
        }
        (false, true) => return Some("has a smart NIC's local_link_connection but is_smartnic is not set".to_owned()),
        _ => {}
    }
    let elsewhere = |own: &&String| !wanted.physical_networks.is_empty() && !wanted.physical_networks.contains(own);
    let own = port.physical_network.as_ref().filter(elsewhere)?;
    Some(format!("is on physical network {own}, and the inspection network on {}", wanted.physical_networks.join(", ")))
}

/// The DHCP client identifier of an InfiniBand NIC, which has no Ethernet switch.
#[must_use]
pub fn client_id(port: &Port) -> Option<&str> {
    port.extra.get("client-id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use assay_core::{id::PortId, port::Port};
    use serde_json::{Map, Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::testing::task;

    const ANY: Wanted<'static> = Wanted { all: false, link: true, bonds: false, physical_networks: &[] };

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn linked() -> Map<String, Value> {
        object(&json!({"switch_id": "52:54:00:aa:bb:01", "port_id": "swp1", "switch_info": "leaf1"}))
    }

    fn ports(changes: &[Change]) -> Task {
        let mut task = task("redfish");
        let blank = task.ports[0].clone();
        task.ports = changes
            .iter()
            .zip(1..)
            .map(|(change, number)| {
                let id = PortId(Uuid::from_u128(number));
                let mut port = Port { id, local_link_connection: linked(), ..blank.clone() };
                change(&mut port);
                port
            })
            .collect();
        task
    }

    /// How many are moved, and what the others lack.
    fn chosen(changes: &[Change], wanted: Wanted<'_>) -> Result<(usize, String), String> {
        let task = ports(changes);
        let eligible = eligible(&task, wanted).map_err(|error| error.to_string())?;
        Ok((eligible.ports.len(), eligible.left_out.join("; ")))
    }

    /// What a port differs by from one that is fine.
    type Change = fn(&mut Port);

    /// The ports, what is wanted, how many are moved, and what the others lack.
    type Row<'a> = (&'a [Change], Wanted<'a>, usize, &'a str);

    const FINE: Change = |_| {};
    const NO_LINK: Change = |port| port.local_link_connection.clear();
    const NO_PXE: Change = |port| port.pxe_enabled = false;
    const SMART: Change = |port| port.is_smartnic = true;
    const SMART_LINK: Change = |port| {
        port.local_link_connection = object(&json!({"hostname": "nic1", "port_id": "rep0-0"}));
    };
    const INFINIBAND: Change = |port| {
        port.local_link_connection.clear();
        port.extra = object(&json!({"client-id": "ff:00:00:00:00:00:02:00:00:02:c9:00"}));
    };
    const ON_PHYSNET2: Change = |port| port.physical_network = Some("physnet2".to_owned());

    #[test]
    fn a_port_is_moved_unless_it_lacks_what_the_switch_must_be_told() {
        let physnet1 = ["physnet1".to_owned()];
        let on_physnet1 = Wanted { physical_networks: &physnet1, ..ANY };
        let flat = Wanted { link: false, ..ANY };
        let rows: [Row<'_>; 9] = [
            (&[FINE, FINE], ANY, 2, ""),
            (&[FINE, NO_PXE], ANY, 1, ""),
            (&[FINE, NO_PXE], Wanted { all: true, ..ANY }, 2, ""),
            (&[FINE, NO_LINK], ANY, 1, "has no local_link_connection"),
            (&[NO_LINK], flat, 1, ""),
            (&[INFINIBAND], ANY, 1, ""),
            (&[FINE, SMART], ANY, 1, "is a smart NIC whose local_link_connection has no hostname"),
            (&[FINE, SMART_LINK], flat, 1, "but is_smartnic is not set"),
            (
                &[FINE, ON_PHYSNET2],
                on_physnet1,
                1,
                "is on physical network physnet2, and the inspection network on physnet1",
            ),
        ];
        for (at, (changes, wanted, moved, told)) in rows.into_iter().enumerate() {
            let (ports, left_out) = chosen(changes, wanted).unwrap();
            assert_eq!(ports, moved, "row {at}: {left_out}");
            assert!(left_out.contains(told) && left_out.is_empty() == told.is_empty(), "row {at}: {left_out}");
        }
    }

    #[test]
    fn a_node_of_which_no_port_can_be_moved_is_refused_by_name() {
        for (changes, told) in [
            (&[NO_PXE] as &[Change], "No available PXE-enabled ports on node"),
            (&[NO_LINK, NO_LINK], "No PXE-enabled port of node"),
        ] {
            let error = chosen(changes, ANY).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        let error = chosen(&[NO_LINK], ANY).unwrap_err();
        assert!(error.contains("00000000-0000-0000-0000-000000000001 (52:54:00:00:00:01)"), "{error}");
    }

    #[test]
    fn a_node_without_ports_is_left_to_network_boot_and_refused_for_a_disc() {
        assert_eq!(chosen(&[], ANY), Ok((0, String::new())));
        let task = Task { boots_from_media: true, ..ports(&[]) };
        assert!(eligible(&task, ANY).unwrap_err().to_string().contains("No available ports"));
    }

    #[test]
    fn the_ports_of_a_group_are_moved_as_one_where_that_is_wanted() {
        let bonded: Change = |port| port.portgroup_id = Some(assay_core::id::PortgroupId(Uuid::from_u128(9)));
        let quiet: Change = |port| {
            port.portgroup_id = Some(assay_core::id::PortgroupId(Uuid::from_u128(9)));
            port.pxe_enabled = false;
        };
        let changes = [quiet, FINE, bonded];
        assert_eq!(chosen(&changes, Wanted { all: true, ..ANY }).unwrap().0, 3);
        let (moved, left_out) = chosen(&changes, Wanted { all: true, bonds: true, ..ANY }).unwrap();
        assert_eq!(moved, 2);
        let (first, third) = (Uuid::from_u128(1), Uuid::from_u128(3));
        assert!(left_out.contains(&format!("port {first} ")) && left_out.contains(&format!("with port {third},")));
    }

    #[test]
    fn a_node_that_boots_from_a_disc_uses_every_nic() {
        let task = Task { boots_from_media: true, ..ports(&[NO_PXE, FINE]) };
        assert_eq!(eligible(&task, ANY).unwrap().ports.len(), 2);
    }
}
