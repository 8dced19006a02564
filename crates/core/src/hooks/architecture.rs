//! `architecture`: the CPU's architecture, which boot images are chosen by.

use serde_json::json;

use super::{Change, Context, Findings, Hook};

pub(super) const HOOK: Hook = Hook { name: "architecture", requires: &[], preprocess: None, main: Some(main) };

fn main(context: &Context<'_>, _: &Findings) -> Result<Vec<Change>, String> {
    match &context.body.view.cpu.architecture {
        Some(arch) if is_name(arch) => Ok(vec![Change::SetProperty { key: "cpu_arch", value: json!(arch) }]),
        Some(_) => Err("inventory.cpu.architecture is not the name of an architecture".to_owned()),
        None => Err("the inventory lacks the CPU architecture (inventory.cpu.architecture)".to_owned()),
    }
}

/// The name becomes part of option lookups and file names.
fn is_name(arch: &str) -> bool {
    arch.len() <= 32 && arch.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
