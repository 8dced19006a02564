//! `ramdisk-error`: what failed in the ramdisk fails the inspection.

use serde_json::Value;

use super::{Context, Findings, Hook};
use crate::inventory::clean;

/// The rest of a longer report is in the stored body only.
const LONGEST_REPORT: usize = 2000;

pub(super) const HOOK: Hook = Hook { name: "ramdisk-error", requires: &[], preprocess: Some(preprocess), main: None };

fn preprocess(context: &Context<'_>, _: &mut Findings) -> Result<(), String> {
    let report = match context.body.plugin_data.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => return Ok(()),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(()),
        Some(Value::String(text)) => clean(text, LONGEST_REPORT),
        Some(other) => clean(&other.to_string(), LONGEST_REPORT),
    };
    Err(format!("Ramdisk reported error: {report}"))
}
