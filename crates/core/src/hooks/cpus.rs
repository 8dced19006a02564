//! `cpus`: the number of logical processors.

use serde_json::json;

use super::{Change, Context, Findings, Hook};

pub(super) const HOOK: Hook = Hook { name: "cpus", requires: &[], preprocess: None, main: Some(main) };

fn main(context: &Context<'_>, _: &Findings) -> Result<Vec<Change>, String> {
    Ok(vec![context.body.view.cpu.count.map_or_else(
        || Change::Warn("the inventory lacks the number of processors: properties.cpus stays".to_owned()),
        |count| Change::SetProperty { key: "cpus", value: json!(count) },
    )])
}
