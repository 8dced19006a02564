//! Ports and port groups: what of them may change or go, and which ports go together.

use super::{UpdateRefusal, refuse_inspecting};
use crate::{
    microversion::Microversion,
    node::{InterfaceKind, Node},
    port::Port,
    portgroup::{Membership, Portgroup},
    provision::ProvisionState,
};

/// Whether `port` may be made. `asks_to_boot`: the client said itself that it is `pxe_enabled`;
/// `membership`: of the group that it is to be in.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_create_port(port: &Port, asks_to_boot: bool, membership: Option<&Membership>) -> Result<(), UpdateRefusal> {
    let Some(membership) = membership else { return Ok(()) };
    check_fit(port, membership)?;
    if asks_to_boot && port.pxe_enabled && !membership.group.standalone_ports_supported {
        return Err(UpdateRefusal::NewPortStandsAlone(membership.group.id));
    }
    Ok(())
}

/// Whether `before`, a port of `node`, may become `after`. `membership`: of the group that it is
/// then in.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_update_port(
    node: &Node,
    before: &Port,
    after: &Port,
    membership: Option<&Membership>,
    version: Microversion,
) -> Result<(), UpdateRefusal> {
    refuse_inspecting(node, version, || format!("port \"{}\" on \"{}\"", before.id, node.id))?;
    let plugged = |port: &Port| {
        (port.pxe_enabled, port.portgroup_id, port.physical_network.clone(), port.local_link_connection.clone())
    };
    if !allows_replugging(node) && plugged(before) != plugged(after) {
        return Err(UpdateRefusal::Connectivity { port: before.id, node: node.id });
    }
    if before.address != after.address && node.instance_uuid.is_some() && !node.maintenance {
        return Err(UpdateRefusal::AddressInUse { port: before.id, node: node.id });
    }
    let Some(membership) = membership else { return Ok(()) };
    let fitted = |port: &Port| (port.node_id, port.portgroup_id, port.physical_network.clone());
    if fitted(before) != fitted(after) {
        check_fit(after, membership)?;
    }
    let booted = |port: &Port| (port.pxe_enabled, port.portgroup_id);
    let group = &membership.group;
    let stands_alone = after.pxe_enabled && !group.standalone_ports_supported && booted(before) != booted(after);
    if stands_alone && looks_at_groups(node) {
        return Err(UpdateRefusal::PortStandsAlone { group: group.id, port: after.id });
    }
    Ok(())
}

/// Whether `port` of `node` may be deleted: not while a Neutron port is bound to it.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_delete_port(node: &Node, port: &Port) -> Result<(), UpdateRefusal> {
    let vif = port.internal_info.iter().find(|(key, value)| key.ends_with("vif_port_id") && !value.is_null());
    match vif {
        Some((_, vif)) if !node.maintenance => {
            let vif = vif.as_str().map_or_else(|| vif.to_string(), str::to_owned);
            Err(UpdateRefusal::Attached { port: port.id, node: node.id, vif })
        }
        _ => Ok(()),
    }
}

/// Whether the group `before`, with its ports, may become `after`, which belongs to `node`.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_update_portgroup(
    node: &Node,
    before: &Membership,
    after: &Portgroup,
    version: Microversion,
) -> Result<(), UpdateRefusal> {
    let group = after.id;
    refuse_inspecting(node, version, || format!("portgroup \"{group}\" on node \"{}\"", node.id))?;
    if before.group.node_id != after.node_id {
        if !allows_replugging(node) {
            return Err(UpdateRefusal::GroupMoves { group, node: node.id, state: node.provision_state });
        }
        if !before.ports.is_empty() {
            return Err(UpdateRefusal::GroupWithPortsMoves { group, node: node.id });
        }
    }
    let forbids = before.group.standalone_ports_supported && !after.standalone_ports_supported;
    if forbids && looks_at_groups(node) && before.ports.iter().any(|port| port.pxe_enabled) {
        return Err(UpdateRefusal::GroupHasStandalonePort(group));
    }
    Ok(())
}

/// Whether a group may be deleted: not while ports are in it.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_delete_portgroup(membership: &Membership) -> Result<(), UpdateRefusal> {
    if membership.ports.is_empty() { Ok(()) } else { Err(UpdateRefusal::GroupNotEmpty(membership.group.id)) }
}

/// The ports of a group are one node's, and plugged into one physical network or none.
fn check_fit(port: &Port, membership: &Membership) -> Result<(), UpdateRefusal> {
    if membership.group.node_id != port.node_id {
        return Err(UpdateRefusal::OtherNodesGroup);
    }
    let elsewhere =
        |other: &&Port| other.id != port.id && other.physical_network.as_deref() != port.physical_network.as_deref();
    let Some(other) = membership.ports.iter().find(elsewhere) else { return Ok(()) };
    let named = |port: &Port| port.physical_network.clone().unwrap_or_else(|| "None".to_owned());
    Err(UpdateRefusal::PhysicalNetwork { group: membership.group.id, port: named(port), others: named(other) })
}

/// States in which NICs may be plugged elsewhere.
const fn allows_replugging(node: &Node) -> bool {
    use ProvisionState as S;
    node.maintenance || matches!(node.provision_state, S::Enroll | S::Inspecting | S::InspectWait | S::Manageable)
}

/// Whether the node's network interface binds switch ports: `noop` leaves groups to the operator.
fn looks_at_groups(node: &Node) -> bool {
    node.interface(InterfaceKind::Network) != "noop"
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        id::{NodeId, PortgroupId},
        testing::{node, port, time},
    };

    const NEWEST: Microversion = Microversion::MAX;

    fn at(state: ProvisionState, maintenance: bool) -> Node {
        Node { provision_state: state, maintenance, target_provision_state: state.default_target(), ..node() }
    }

    fn group(standalone: bool, ports: Vec<Port>) -> Membership {
        let blank = Portgroup::blank(PortgroupId(Uuid::from_u128(9)), node().id, "802.3ad".to_owned(), time(0));
        Membership { group: Portgroup { standalone_ports_supported: standalone, ..blank }, ports }
    }

    /// A port in that group, on a physical network.
    fn member(id: u128, network: Option<&str>) -> Port {
        Port {
            portgroup_id: Some(PortgroupId(Uuid::from_u128(9))),
            physical_network: network.map(str::to_owned),
            ..port(id, &format!("52:54:00:00:00:0{id}"))
        }
    }

    #[test]
    fn what_a_port_is_plugged_into_changes_only_while_its_node_is_not_in_use() {
        use ProvisionState as S;
        let before = port(1, "52:54:00:00:00:01");
        let changes = [
            Port { pxe_enabled: false, ..before.clone() },
            Port { portgroup_id: member(1, None).portgroup_id, ..before.clone() },
        ];
        for (state, maintenance, allowed) in [
            (S::Manageable, false, true),
            (S::InspectWait, false, true),
            (S::Inspecting, false, false),
            (S::Available, false, false),
            (S::Available, true, true),
        ] {
            for after in &changes {
                let result = may_update_port(&at(state, maintenance), &before, after, None, NEWEST);
                assert_eq!(result.is_ok(), allowed, "{state}");
            }
        }
    }

    #[test]
    fn a_port_with_a_neutron_port_stays() {
        let mut attached = port(1, "52:54:00:00:00:01");
        attached.internal_info.insert("inspection_vif_port_id".to_owned(), "v".into());
        assert!(may_delete_port(&at(ProvisionState::InspectWait, false), &attached).is_err());
        assert_eq!(may_delete_port(&at(ProvisionState::InspectWait, true), &attached), Ok(()));
    }

    #[test]
    fn the_ports_of_a_group_are_one_nodes_and_in_one_physical_network() {
        let two = || group(true, vec![member(1, Some("physnet1"))]);
        let elsewhere = Port { node_id: NodeId(Uuid::from_u128(2)), ..member(2, Some("physnet1")) };
        for (new, allowed) in [
            (member(2, Some("physnet1")), true),
            (member(2, Some("physnet2")), false),
            (member(2, None), false),
            (member(1, Some("physnet2")), true),
            (elsewhere, false),
        ] {
            assert_eq!(may_create_port(&new, true, Some(&two())).is_ok(), allowed, "{new:?}");
            let before = Port { portgroup_id: None, ..new.clone() };
            let manageable = at(ProvisionState::Manageable, false);
            let joins = may_update_port(&manageable, &before, &new, Some(&two()), NEWEST);
            assert_eq!(joins.is_ok(), allowed, "{new:?}");
            let renamed = Port { name: Some("uplink".to_owned()), ..new.clone() };
            assert_eq!(may_update_port(&manageable, &new, &renamed, Some(&two()), NEWEST), Ok(()));
        }
        assert_eq!(
            may_create_port(&member(2, None), false, Some(&two())).unwrap_err().to_string(),
            "Port with physical network None cannot become a member of port group \
             00000000-0000-0000-0000-000000000009 which has ports in physical network physnet1."
        );
    }

    #[test]
    fn a_group_without_standalone_ports_holds_none_that_boots() {
        let boots = member(1, None);
        let silent = Port { pxe_enabled: false, ..boots.clone() };
        let forbidding = group(false, Vec::new());
        for (port, asks, allowed) in [(&boots, true, false), (&boots, false, true), (&silent, true, true)] {
            assert_eq!(may_create_port(port, asks, Some(&forbidding)).is_ok(), allowed);
        }
        for (network, allowed) in [("neutron", false), ("flat", false), ("noop", true)] {
            let mut node = at(ProvisionState::Manageable, false);
            node.interfaces.insert(InterfaceKind::Network, network.to_owned());
            let switched_on = may_update_port(&node, &silent, &boots, Some(&forbidding), NEWEST);
            assert_eq!(switched_on.is_ok(), allowed, "{network}");
            let supporting = group(true, vec![boots.clone()]);
            let forbid = may_update_portgroup(&node, &supporting, &forbidding.group, NEWEST);
            assert_eq!(forbid.is_ok(), allowed, "{network}");
            let without = group(true, vec![silent.clone()]);
            assert_eq!(may_update_portgroup(&node, &without, &forbidding.group, NEWEST), Ok(()));
        }
    }

    #[test]
    fn a_group_moves_to_another_node_when_it_is_empty_and_that_is_not_in_use() {
        use ProvisionState as S;
        for (state, maintenance, ports, allowed) in [
            (S::Manageable, false, Vec::new(), true),
            (S::Manageable, false, vec![member(1, None)], false),
            (S::Available, false, Vec::new(), false),
            (S::Available, true, Vec::new(), true),
            (S::Inspecting, false, Vec::new(), false),
        ] {
            let other = Node { id: NodeId(Uuid::from_u128(2)), ..at(state, maintenance) };
            let before = group(true, ports);
            let after = Portgroup { node_id: other.id, ..before.group.clone() };
            assert_eq!(may_update_portgroup(&other, &before, &after, NEWEST).is_ok(), allowed, "{state}");
        }
    }

    #[test]
    fn a_group_with_ports_stays() {
        assert_eq!(may_delete_portgroup(&group(true, Vec::new())), Ok(()));
        let refusal = may_delete_portgroup(&group(true, vec![member(1, None)])).unwrap_err();
        assert!(refusal.is_callers_fault(), "{refusal}");
    }
}
