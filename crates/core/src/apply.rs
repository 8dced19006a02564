//! Applies the changes that hooks ask for to a node and its ports, as a pure function.
//!
//! The result goes into one transaction for our own nodes. **Invariant:** applying the same changes
//! to the result again creates and updates no port.

use crate::{
    hooks::Change,
    id::PortId,
    mac::MacAddress,
    node::{JsonMap, Node, Timestamp},
    port::Port,
};

/// How many warnings the operator is told in full: a body can give rise to one for each interface, twice.
const MOST_WARNINGS: usize = 64;

/// A node and its ports after the changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The node as it is now.
    pub node: Node,
    /// The data to store beside the inventory.
    pub plugin_data: JsonMap,
    /// Ports to create. One whose address another node has is left out by the store, with a warning.
    pub created: Vec<Port>,
    /// Ports to update.
    pub updated: Vec<Port>,
    /// Ports to delete.
    pub deleted: Vec<PortId>,
    /// What the operator is told.
    pub warnings: Vec<String>,
}

/// Applies `changes` in their order. `now` is the time of the writes; `next_port_id` makes the ids
/// of new ports.
#[must_use]
pub fn apply(
    node: Node,
    ports: &[Port],
    plugin_data: JsonMap,
    changes: &[Change],
    now: Timestamp,
    mut next_port_id: impl FnMut() -> PortId,
) -> Applied {
    let mut applied =
        Applied { node, plugin_data, created: vec![], updated: vec![], deleted: vec![], warnings: vec![] };
    for change in changes {
        match change {
            Change::SetProperty { key, value } => {
                applied.node.properties.insert((*key).to_owned(), value.clone());
                applied.node.updated_at = Some(now);
            }
            Change::SetPluginData { key, value } => {
                applied.plugin_data.insert((*key).to_owned(), value.clone());
            }
            Change::CreatePort { address, pxe_enabled, extra } => {
                let mut known = ports.iter().chain(&applied.created);
                if known.all(|port| port.address != *address) {
                    let blank = Port::blank(next_port_id(), applied.node.id, *address, now);
                    applied.created.push(Port { pxe_enabled: *pxe_enabled, extra: extra.clone(), ..blank });
                }
            }
            Change::SetPortPxeEnabled { port, pxe_enabled, .. } => {
                applied.update(ports, *port, now, |port| port.pxe_enabled = *pxe_enabled);
            }
            Change::SetPortLocalLink { address, link } => {
                applied.update_nic(ports, *address, now, |port| port.local_link_connection.clone_from(link));
            }
            Change::SetPortPhysicalNetwork { address, physical_network } => {
                applied.update_nic(ports, *address, now, |port| port.physical_network = Some(physical_network.clone()));
            }
            Change::DeletePort { port, .. } => {
                applied.updated.retain(|updated| updated.id != *port);
                if ports.iter().any(|known| known.id == *port) && !applied.deleted.contains(port) {
                    applied.deleted.push(*port);
                }
            }
            Change::Warn(text) => applied.warnings.push(text.clone()),
        }
    }
    let more = applied.warnings.len().saturating_sub(MOST_WARNINGS);
    if more > 0 {
        applied.warnings.truncate(MOST_WARNINGS);
        applied.warnings.push(format!("and {more} more warnings"));
    }
    applied
}

impl Applied {
    /// Changes the port of this address, which may be one that is to be created; without one, nothing.
    fn update_nic(&mut self, ports: &[Port], address: MacAddress, now: Timestamp, set: impl FnOnce(&mut Port)) {
        if let Some(created) = self.created.iter_mut().find(|port| port.address == address) {
            set(created);
        } else if let Some(known) = ports.iter().find(|port| port.address == address) {
            self.update(ports, known.id, now, set);
        }
    }

    fn update(&mut self, ports: &[Port], id: PortId, now: Timestamp, set: impl FnOnce(&mut Port)) {
        if self.deleted.contains(&id) {
            return;
        }
        let at = self.updated.iter().position(|port| port.id == id);
        let before = at.map(|at| self.updated.remove(at)).or_else(|| ports.iter().find(|port| port.id == id).cloned());
        let Some(before) = before else { return };
        let mut port = before.clone();
        set(&mut port);
        if port != before {
            port.updated_at = Some(now);
        }
        if at.is_some() || port != before {
            self.updated.push(port);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        hooks::{AddPorts, HookOptions, HookView, KeepPorts, Pipeline},
        inventory::Body,
        mac::MacAddress,
        testing::{node, port, time},
    };

    fn ids() -> impl FnMut() -> PortId {
        let mut next = 100;
        move || {
            next += 1;
            PortId(Uuid::from_u128(next))
        }
    }

    #[test]
    fn changes_become_a_new_node_and_ports_to_write() {
        let ports = [port(1, "52:54:00:00:00:01"), port(2, "52:54:00:00:00:02")];
        let changes = [
            Change::SetProperty { key: "cpu_arch", value: json!("x86_64") },
            Change::SetPluginData { key: "macs", value: json!([]) },
            Change::SetPortPxeEnabled { port: ports[0].id, address: ports[0].address, pxe_enabled: false },
            Change::DeletePort { port: ports[1].id, address: ports[1].address },
            Change::SetPortPxeEnabled { port: ports[1].id, address: ports[1].address, pxe_enabled: false },
            Change::CreatePort {
                address: "52:54:00:00:00:03".parse().unwrap(),
                pxe_enabled: false,
                extra: JsonMap::from_iter([("client-id".to_owned(), json!("ff:00"))]),
            },
            Change::Warn("no memory".to_owned()),
        ];
        let applied = apply(node(), &ports, JsonMap::new(), &changes, time(9), ids());
        assert_eq!(applied.node.properties, JsonMap::from_iter([("cpu_arch".to_owned(), json!("x86_64"))]));
        assert_eq!(applied.plugin_data, JsonMap::from_iter([("macs".to_owned(), json!([]))]));
        let lowered = Port { pxe_enabled: false, updated_at: Some(time(9)), ..ports[0].clone() };
        assert_eq!(applied.updated, [lowered]);
        assert_eq!(applied.deleted, [ports[1].id]);
        assert_eq!(applied.created.len(), 1);
        let created = &applied.created[0];
        assert_eq!((created.id, created.node_id), (PortId(Uuid::from_u128(101)), applied.node.id));
        assert_eq!((created.created_at, created.pxe_enabled), (time(9), false));
        assert_eq!(created.extra["client-id"], "ff:00");
        assert_eq!(applied.warnings, ["no memory"]);
    }

    #[test]
    fn warnings_beyond_a_readable_number_are_counted() {
        for (given, told) in [(MOST_WARNINGS, MOST_WARNINGS), (MOST_WARNINGS + 9, MOST_WARNINGS + 1)] {
            let changes = vec![Change::Warn("no memory".to_owned()); given];
            let warnings = apply(node(), &[], JsonMap::new(), &changes, time(9), ids()).warnings;
            assert_eq!(warnings.len(), told);
            assert_eq!(warnings.last().is_some_and(|last| last == "and 9 more warnings"), given > MOST_WARNINGS);
        }
    }

    #[test]
    fn a_known_address_is_not_created_and_an_equal_value_not_written() {
        let ports = [port(1, "52:54:00:00:00:01")];
        let address = ports[0].address;
        let changes = [
            Change::CreatePort { address, pxe_enabled: true, extra: JsonMap::new() },
            Change::SetPortPxeEnabled { port: ports[0].id, address, pxe_enabled: ports[0].pxe_enabled },
        ];
        let applied = apply(node(), &ports, JsonMap::new(), &changes, time(9), ids());
        assert_eq!((applied.created, applied.updated, applied.deleted), (vec![], vec![], vec![]));
        assert_eq!(applied.node, node());
    }

    /// The ports as the store has them after the transaction.
    fn ports_after(ports: &[Port], applied: Applied) -> Vec<Port> {
        let mut after: Vec<_> = ports.iter().filter(|port| !applied.deleted.contains(&port.id)).cloned().collect();
        for updated in applied.updated {
            let place = after.iter().position(|port| port.id == updated.id).expect("a deleted port is updated");
            after[place] = updated;
        }
        after.extend(applied.created);
        after
    }

    fn link() -> JsonMap {
        JsonMap::from_iter([("switch_id".to_owned(), json!("00:00:00:00:00:01")), ("port_id".to_owned(), json!("1"))])
    }

    #[test]
    fn where_a_nic_is_plugged_in_is_said_of_its_port_old_or_new() {
        let ports = [port(1, "52:54:00:00:00:01"), port(2, "52:54:00:00:00:02")];
        let [known, gone, new, nobodys] = [1, 2, 3, 4].map(|last| MacAddress([0x52, 0x54, 0, 0, 0, last]));
        let mut changes = vec![
            Change::DeletePort { port: ports[1].id, address: gone },
            Change::CreatePort { address: new, pxe_enabled: true, extra: JsonMap::new() },
        ];
        for address in [known, gone, new, nobodys] {
            changes.push(Change::SetPortLocalLink { address, link: link() });
            changes.push(Change::SetPortPhysicalNetwork { address, physical_network: "physnet1".to_owned() });
        }
        let applied = apply(node(), &ports, JsonMap::new(), &changes, time(9), ids());
        for (written, address) in [(&applied.updated, known), (&applied.created, new)] {
            let [port] = written.as_slice() else { panic!("{written:?}") };
            assert_eq!((port.address, &port.local_link_connection), (address, &link()));
            assert_eq!(port.physical_network.as_deref(), Some("physnet1"));
        }
        assert_eq!((applied.updated[0].updated_at, applied.created[0].updated_at), (Some(time(9)), None));
    }

    fn change() -> impl Strategy<Value = Change> {
        let nic = (0..4_u8).prop_map(|last| MacAddress([2, 0, 0, 0, 0, last]));
        let id = (0..4_u128).prop_map(|id| PortId(Uuid::from_u128(id)));
        (nic, id, any::<bool>(), 0..5).prop_map(|(address, port, pxe_enabled, kind)| match kind {
            0 => Change::CreatePort { address, pxe_enabled, extra: JsonMap::new() },
            1 => Change::SetPortPxeEnabled { port, address, pxe_enabled },
            2 => Change::SetPortLocalLink { address, link: link() },
            3 => Change::SetPortPhysicalNetwork { address, physical_network: "physnet1".to_owned() },
            _ => Change::DeletePort { port, address },
        })
    }

    proptest! {
        #[test]
        fn any_changes_leave_each_address_and_id_once(changes in proptest::collection::vec(change(), 0..20)) {
            let ports = [port(0, "02:00:00:00:00:00"), port(1, "02:00:00:00:00:01")];
            let applied = apply(node(), &ports, JsonMap::new(), &changes, time(9), ids());
            let after = ports_after(&ports, applied);
            let mut addresses: Vec<_> = after.iter().map(|port| port.address).collect();
            addresses.sort();
            addresses.dedup();
            prop_assert_eq!(addresses.len(), after.len());
        }

        #[test]
        fn an_inspection_that_finds_the_same_changes_no_port_again(
            (nics, known, boot) in (btree_set(0..6_u8, 1..5), btree_set(0..6_u8, 0..5), 0..7_u8),
            (add, keep, update_pxe_enabled) in (0..4_usize, 0..3_usize, any::<bool>()),
        ) {
            let options = HookOptions {
                add_ports: AddPorts::ALL[add],
                keep_ports: KeepPorts::ALL[keep],
                update_pxe_enabled,
                ..HookOptions::default()
            };
            let mac = |last: u8| format!("02:00:00:00:00:{last:02x}");
            let interfaces: Vec<_> = nics
                .iter()
                .map(|&last| json!({"name": format!("eth{last}"), "mac_address": mac(last), "ipv4_address": "10.0.0.9"}))
                .collect();
            let inventory = json!({"interfaces": interfaces, "boot": {"pxe_interface": mac(boot)}});
            let body = Body::try_from(JsonMap::from_iter([("inventory".to_owned(), inventory)])).unwrap();
            let ports: Vec<_> = known.iter().map(|&last| port(last.into(), &mac(last))).collect();
            let inspect = |ports: &[Port]| {
                let node = node();
                let pipeline = Pipeline::parse("validate-interfaces,ports", "").unwrap();
                let changes = pipeline.run(HookView { node: &node, ports }, &body, &options).unwrap();
                apply(node, ports, JsonMap::new(), &changes, time(9), ids())
            };
            let first = inspect(&ports);
            let again = inspect(&ports_after(&ports, first));
            prop_assert_eq!((again.created, again.updated, again.deleted), (vec![], vec![], vec![]));
        }
    }
}
