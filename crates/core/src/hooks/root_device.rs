//! `root-device`: the disk that the operator's hints name, else the ramdisk's choice, and its size.

use serde_json::{Value, json};

use super::{Change, Context, DeviceHints, Findings, Hook};
use crate::{
    inventory::{Body, Disk},
    node::JsonMap,
};

pub(super) const HOOK: Hook = Hook { name: "root-device", requires: &[], preprocess: None, main: Some(main) };

const GIB: u64 = 1 << 30;

fn main(context: &Context<'_>, _: &Findings) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    let root_disk = match hinted_disk(context)? {
        Some(disk) => {
            changes.push(Change::SetPluginData { key: "root_disk", value: Value::Object(disk.clone()) });
            Some(Disk::from(disk))
        }
        None => context.body.plugin_data.get("root_disk").and_then(Value::as_object).map(Disk::from),
    };
    let gibibytes = root_disk.as_ref().and_then(|disk| disk.size).unwrap_or(0) / GIB;
    if root_disk.is_some() && gibibytes == 0 {
        changes.push(Change::Warn("the root disk has less than 1 GiB, or its size is not known".to_owned()));
    }
    let local_gb = gibibytes.saturating_sub(u64::from(context.options.disk_partitioning_spacing));
    changes.push(Change::SetPluginData { key: "local_gb", value: json!(local_gb) });
    changes.push(Change::SetProperty { key: "local_gb", value: json!(local_gb.to_string()) });
    Ok(changes)
}

/// The first disk that `properties.root_device` describes and `properties.skip_block_devices` does
/// not; nothing when there are no hints.
fn hinted_disk<'a>(context: &Context<'a>) -> Result<Option<&'a JsonMap>, String> {
    let properties = &context.view.node.properties;
    let Some(hints) = properties.get("root_device").filter(|hints| !is_empty(hints)) else {
        return Ok(None);
    };
    let failed = |error| {
        format!(
            "No disks could be found using root device hints {hints} because they failed to validate. Error: {error}"
        )
    };
    let wanted = DeviceHints::parse(hints).map_err(failed)?;
    let skipped = properties.get("skip_block_devices").and_then(Value::as_array).into_iter().flatten();
    let skipped = skipped.map(DeviceHints::parse).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut disks = disks(context.body);
    let found = disks.find(|(disk, _)| wanted.match_disk(disk) && !skipped.iter().any(|hints| hints.match_disk(disk)));
    match found {
        Some((_, posted)) => Ok(Some(posted)),
        None => Err(format!("No disks satisfied root device hints {hints}; the ramdisk saw {}", names(context.body))),
    }
}

fn is_empty(hints: &Value) -> bool {
    hints.is_null() || hints.as_object().is_some_and(JsonMap::is_empty)
}

fn disks(body: &Body) -> impl Iterator<Item = (&Disk, &JsonMap)> {
    let posted = body.inventory.get("disks").and_then(Value::as_array).into_iter().flatten();
    body.view.disks.iter().zip(posted).filter_map(|(disk, posted)| Some((disk, posted.as_object()?)))
}

fn names(body: &Body) -> String {
    const SHOWN: usize = 8;
    let disks = &body.view.disks;
    if disks.is_empty() {
        return "no disks".to_owned();
    }
    let mut names: Vec<_> = disks.iter().take(SHOWN).filter_map(|disk| disk.name.clone()).collect();
    if disks.len() > SHOWN {
        names.push(format!("and {} more", disks.len() - SHOWN));
    }
    names.join(", ")
}
