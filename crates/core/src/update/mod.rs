//! What a client may change or delete, and in which state of the node.
//!
//! Source: the bare metal API's rules by provision state. All of this is checked under the node's
//! exclusive lock, on the node as it is then.

mod ports;

use crate::{
    id::{NodeId, PortId, PortgroupId},
    microversion::{Microversion, behaviour},
    node::Node,
    provision::ProvisionState,
};

pub use ports::{may_create_port, may_delete_port, may_delete_portgroup, may_update_port, may_update_portgroup};

/// Why a change is not allowed now. The text is the answer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum UpdateRefusal {
    #[error("Node {0} can not be updated while a state transition is in progress.")]
    InTransition(NodeId),
    #[error("Cannot update {0} while it is in state \"inspecting\".")]
    Inspecting(String),
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
    #[error("Port can not be added to a portgroup belonging to a different node.")]
    OtherNodesGroup,
    #[error(
        "Port with physical network {port} cannot become a member of port group {group} which has ports in physical \
         network {others}."
    )]
    PhysicalNetwork { group: PortgroupId, port: String, others: String },
    #[error(
        "Port group {0} doesn't support standalone ports. This port cannot be created as a member of that portgroup as \
         the port's 'pxe_enabled' field was set to True."
    )]
    NewPortStandsAlone(PortgroupId),
    #[error(
        "Port group {group} doesn't support standalone ports. This port {port} cannot be a member of that port group \
         because of: 'pxe_enabled' was set to True"
    )]
    PortStandsAlone { group: PortgroupId, port: PortId },
    #[error(
        "standalone_ports_supported can not be set to False, because the port group {0} contains port with \
         'pxe_enabled' is set to True"
    )]
    GroupHasStandalonePort(PortgroupId),
    #[error("Cannot complete the requested action because portgroup {0} contains ports.")]
    GroupNotEmpty(PortgroupId),
    #[error(
        "Portgroup {group} can not be associated with node {node} because there are ports associated with this portgroup."
    )]
    GroupWithPortsMoves { group: PortgroupId, node: NodeId },
    #[error(
        "Portgroup {group} can not be associated to node {node} unless the node is in a enroll, inspecting, inspect \
         wait, manageable state or in maintenance mode. Current state is '{state}'."
    )]
    GroupMoves { group: PortgroupId, node: NodeId, state: ProvisionState },
}

impl UpdateRefusal {
    /// Whether what was asked for is wrong in itself, rather than at this time.
    #[must_use]
    pub const fn is_callers_fault(&self) -> bool {
        matches!(self, Self::OtherNodesGroup | Self::GroupNotEmpty(_) | Self::GroupWithPortsMoves { .. })
    }
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
    refuse_inspecting(before, version, || format!("node \"{node}\""))?;
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

fn refuse_inspecting(node: &Node, version: Microversion, what: impl Fn() -> String) -> Result<(), UpdateRefusal> {
    let knows_inspect_wait = version.has(behaviour::INSPECT_WAIT_STATE);
    if node.provision_state == ProvisionState::Inspecting && knows_inspect_wait {
        return Err(UpdateRefusal::Inspecting(what()));
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{node::InterfaceKind, testing::node};

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
}
