//! `memory`: the size of the main memory.

use serde_json::json;

use super::{Change, Context, Findings, Hook};

pub(super) const HOOK: Hook = Hook { name: "memory", requires: &[], preprocess: None, main: Some(main) };

fn main(context: &Context<'_>, _: &Findings) -> Result<Vec<Change>, String> {
    Ok(vec![context.body.view.memory.mebibytes().map_or_else(
        || Change::Warn("the inventory lacks the size of the memory: properties.memory_mb stays".to_owned()),
        |mebibytes| Change::SetProperty { key: "memory_mb", value: json!(mebibytes) },
    )])
}
