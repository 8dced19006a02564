//! What the ramdisk heard of the switches, and the warnings about what of it can't be read.

use serde_json::Value;

use crate::{inventory::Body, lldp::TlvError, mac::MacAddress};

/// The TLVs that reached one interface.
pub(super) struct Heard<'a> {
    pub name: &'a str,
    pub mac: Option<MacAddress>,
    /// As posted, and not empty.
    pub tlvs: &'a [Value],
}

/// Every interface that heard something: by the ramdisk's collector `lldp`, or else in the inventory itself.
pub(super) fn heard(body: &Body) -> impl Iterator<Item = Heard<'_>> {
    let collected = body.plugin_data.get("lldp_raw");
    let posted = body.inventory.get("interfaces").and_then(Value::as_array).into_iter().flatten();
    posted.zip(&body.view.interfaces).filter_map(move |(posted, interface)| {
        let name = interface.name.as_deref()?;
        let lists = [collected.and_then(|all| all.get(name)), posted.get("lldp")];
        let tlvs = lists.into_iter().flatten().filter_map(Value::as_array).find(|tlvs| !tlvs.is_empty())?;
        Some(Heard { name, mac: interface.mac, tlvs })
    })
}

/// The first faults of a frame, in words; nothing without any.
pub(super) fn told(faults: &[TlvError]) -> Option<String> {
    const SHOWN: usize = 3;
    let mut words: Vec<_> = faults.iter().take(SHOWN).map(TlvError::to_string).collect();
    if faults.len() > SHOWN {
        words.push(format!("and {} more", faults.len() - SHOWN));
    }
    (!words.is_empty()).then(|| words.join(", "))
}
