//! What a client may change or delete, and in which state of the node.
//!
//! Source: the bare metal API's rules by provision state. All of this is checked under the node's
//! exclusive lock, on the node as it is then.

use crate::{
    id::{NodeId, PortId},
    microversion::{Microversion, behaviour},
    node::Node,
    port::Port,
    provision::ProvisionState,
};

/// Why a change is not allowed now. The text is the answer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum UpdateRefusal {
    #[error("Node {0} can not be updated while a state transition is in progress.")]
    InTransition(NodeId),
    #[error("Cannot update node \"{0}\" while it is in state \"inspecting\".")]
    Inspecting(NodeId),
    #[error(
        "Node {node} can not have {what} updated unless it is in one of allowed (enroll, inspecting, inspect wait, \
         manageable, available) states or in maintenance mode."
    )]
    NotInThisState { node: NodeId, what: String },
    #[error("Node {node} is associated with instance {instance}.")]
    Associated { node: NodeId, instance: uuid::Uuid },
    #[error("Node {0} is protected and can not be undeployed, rebuilt or deleted.")]
    Protected(NodeId),
    #[error(
        "Can not delete node \"{node}\" while it is in provision state \"{state}\". Valid provision states to perform \
         deletion are: \"('manageable', 'enroll', 'adopt failed', 'available')\", or set the node into maintenance mode"
    )]
    NotDeletable { node: NodeId, state: ProvisionState },
    #[error(
        "Port {port} can not have any connectivity attributes (pxe_enabled, portgroup_uuid, physical_network, \
         local_link_connection) updated unless node {node} is in a enroll, inspecting, inspect wait, manageable state \
         or in maintenance mode."
    )]
    Connectivity { port: PortId, node: NodeId },
    #[error(
        "Cannot update the address of port {port} while node {node} has an instance; remove it or set maintenance mode."
    )]
    AddressInUse { port: PortId, node: NodeId },
    #[error(
        "Cannot delete the port {port} as it is attached to the network port {vif}; end what uses it, or set node \
         {node} into maintenance mode."
    )]
    Attached { port: PortId, node: NodeId, vif: String },
}

/// Whether `before` may become `after`.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_update(before: &Node, after: &Node, version: Microversion) -> Result<(), UpdateRefusal> {
    let node = before.id;
    if before.target_provision_state.is_some()
        && !before.provision_state.allows_update_in_transition()
        && !frees_instance_only(before, after)
    {
        return Err(UpdateRefusal::InTransition(node));
    }
    refuse_inspecting(before, version)?;
    let free = allows_rewiring(before.provision_state);
    if !free && before.resource_class != after.resource_class {
        return Err(UpdateRefusal::NotInThisState { node, what: "resource_class".to_owned() });
    }
    if !free && !before.maintenance {
        if before.driver != after.driver {
            return Err(UpdateRefusal::NotInThisState { node, what: "driver".to_owned() });
        }
        if let Some((kind, _)) = after.interfaces.iter().find(|(kind, name)| before.interface(**kind) != name.as_str())
        {
            return Err(UpdateRefusal::NotInThisState { node, what: kind.field() });
        }
    }
    match (before.instance_uuid, after.instance_uuid) {
        (Some(instance), Some(other)) if instance != other => Err(UpdateRefusal::Associated { node, instance }),
        _ => Ok(()),
    }
}

fn refuse_inspecting(node: &Node, version: Microversion) -> Result<(), UpdateRefusal> {
    let knows_inspect_wait = version.has(behaviour::INSPECT_WAIT_STATE);
    if node.provision_state == ProvisionState::Inspecting && knows_inspect_wait {
        return Err(UpdateRefusal::Inspecting(node.id));
    }
    Ok(())
}

/// Takes a lost instance off a node in maintenance, and nothing else.
fn frees_instance_only(before: &Node, after: &Node) -> bool {
    before.maintenance
        && after.instance_uuid.is_none()
        && *before == Node { instance_uuid: before.instance_uuid, ..after.clone() }
}

/// States in which driver and interfaces may change.
const fn allows_rewiring(state: ProvisionState) -> bool {
    use ProvisionState as S;
    matches!(state, S::Enroll | S::Inspecting | S::InspectWait | S::Manageable | S::Available)
}

/// Whether `node` may be deleted. `available_too`: the option `allow_deleting_available_nodes`.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_delete(node: &Node, available_too: bool) -> Result<(), UpdateRefusal> {
    use ProvisionState as S;
    if node.protected {
        return Err(UpdateRefusal::Protected(node.id));
    }
    if node.maintenance {
        return Ok(());
    }
    if let Some(instance) = node.instance_uuid {
        return Err(UpdateRefusal::Associated { node: node.id, instance });
    }
    match node.provision_state {
        S::Manageable | S::Enroll | S::AdoptFailed => Ok(()),
        S::Available if available_too => Ok(()),
        state => Err(UpdateRefusal::NotDeletable { node: node.id, state }),
    }
}

/// Whether `before`, a port of `node`, may become `after`.
///
/// # Errors
/// [`UpdateRefusal`].
pub fn may_update_port(node: &Node, before: &Port, after: &Port, version: Microversion) -> Result<(), UpdateRefusal> {
    use ProvisionState as S;
    refuse_inspecting(node, version)?;
    let unplugged = |port: &Port| {
        (port.pxe_enabled, port.portgroup_id, port.physical_network.clone(), port.local_link_connection.clone())
    };
    let free = matches!(node.provision_state, S::Enroll | S::Inspecting | S::InspectWait | S::Manageable);
    if !free && !node.maintenance && unplugged(before) != unplugged(after) {
        return Err(UpdateRefusal::Connectivity { port: before.id, node: node.id });
    }
    if before.address != after.address && node.instance_uuid.is_some() && !node.maintenance {
        return Err(UpdateRefusal::AddressInUse { port: before.id, node: node.id });
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        node::InterfaceKind,
        testing::{node, port},
    };

    const NEWEST: Microversion = Microversion::MAX;

    fn at(state: ProvisionState, maintenance: bool) -> Node {
        Node { provision_state: state, maintenance, target_provision_state: state.default_target(), ..node() }
    }

    #[test]
    fn a_node_may_be_changed_by_state() {
        use ProvisionState as S;
        let extra = |node: &mut Node| drop(node.extra.insert("k".to_owned(), 1.into()));
        let boot = |node: &mut Node| drop(node.interfaces.insert(InterfaceKind::Boot, "ipxe".to_owned()));
        let class = |node: &mut Node| node.resource_class = Some("x".to_owned());
        type Change = fn(&mut Node);
        for (state, maintenance, change, allowed) in [
            (S::Manageable, false, extra as Change, true),
            (S::InspectWait, false, extra, true),
            (S::Inspecting, false, extra, false),
            (S::Cleaning, false, extra, false),
            (S::Verifying, false, extra, true),
            (S::Active, false, extra, true),
            (S::Active, false, boot, false),
            (S::Active, true, boot, true),
            (S::InspectWait, false, boot, true),
            (S::Active, true, class, false),
            (S::Available, false, class, true),
        ] {
            let before = at(state, maintenance);
            let mut after = before.clone();
            change(&mut after);
            assert_eq!(may_update(&before, &after, NEWEST).is_ok(), allowed, "{state}, maintenance {maintenance}");
        }
        let inspecting = at(S::Inspecting, false);
        assert_eq!(may_update(&inspecting, &inspecting, Microversion { minor: 38 }), Ok(()));
    }

    #[test]
    fn a_lost_instance_may_be_taken_off_in_maintenance() {
        let before = Node { instance_uuid: Some(Uuid::nil()), ..at(ProvisionState::Cleaning, true) };
        let mut after = Node { instance_uuid: None, ..before.clone() };
        assert_eq!(may_update(&before, &after, NEWEST), Ok(()));
        after.description = Some("and more".to_owned());
        assert!(may_update(&before, &after, NEWEST).is_err());
    }

    #[test]
    fn a_node_may_be_deleted_at_rest_or_in_maintenance() {
        use ProvisionState as S;
        for (state, maintenance, allowed) in [
            (S::Enroll, false, true),
            (S::Manageable, false, true),
            (S::Available, false, true),
            (S::InspectWait, false, false),
            (S::InspectFailed, false, false),
            (S::InspectWait, true, true),
        ] {
            assert_eq!(may_delete(&at(state, maintenance), true).is_ok(), allowed, "{state}");
        }
        assert!(may_delete(&at(S::Available, false), false).is_err());
        assert!(may_delete(&Node { protected: true, ..at(S::Enroll, true) }, true).is_err());
        assert!(may_delete(&Node { instance_uuid: Some(Uuid::nil()), ..at(S::Enroll, false) }, true).is_err());
    }

    #[test]
    fn what_a_port_is_plugged_into_changes_only_while_its_node_is_not_in_use() {
        use ProvisionState as S;
        let before = port(1, "52:54:00:00:00:01");
        let after = Port { pxe_enabled: false, ..before.clone() };
        for (state, maintenance, allowed) in [
            (S::Manageable, false, true),
            (S::InspectWait, false, true),
            (S::Inspecting, false, false),
            (S::Available, false, false),
            (S::Available, true, true),
        ] {
            let result = may_update_port(&at(state, maintenance), &before, &after, NEWEST);
            assert_eq!(result.is_ok(), allowed, "{state}");
        }
    }

    #[test]
    fn a_port_with_a_neutron_port_stays() {
        let mut attached = port(1, "52:54:00:00:00:01");
        attached.internal_info.insert("inspection_vif_port_id".to_owned(), "v".into());
        assert!(may_delete_port(&at(ProvisionState::InspectWait, false), &attached).is_err());
        assert_eq!(may_delete_port(&at(ProvisionState::InspectWait, true), &attached), Ok(()));
    }
}
