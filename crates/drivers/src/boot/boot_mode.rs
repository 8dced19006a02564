//! In which mode a node's firmware boots, from what is known of the node.

use assay_core::{
    capabilities::{capability, instance_capabilities},
    node::{JsonMap, Node},
    power::BootMode,
};
use serde_json::Value;

use crate::error::DriverError;

/// The mode: what the instance asks for, else the node's capabilities, else what is remembered of
/// the BMC, else `default`.
///
/// # Errors
/// Invalid when the instance asks for another mode than the node's capabilities have.
pub fn boot_mode(node: &Node, default: BootMode) -> Result<BootMode, DriverError> {
    let invalid = |error: String| DriverError::InvalidParameterValue(error);
    let instance = instance_capabilities(node).map_err(|error| invalid(error.to_string()))?;
    let asked = text(&instance, "boot_mode").or_else(|| text(&node.instance_info, "deploy_boot_mode"));
    let asked = asked.map(parse).transpose()?;
    let own = capability(&node.properties, "boot_mode").map(parse).transpose()?;
    if let (Some(asked), Some(own)) = (asked, own)
        && asked != own
    {
        return Err(invalid(format!(
            "Node {} has boot_mode {own} in properties/capabilities, and its instance_info asks for {asked}",
            node.id
        )));
    }
    let remembered = text(&node.driver_internal_info, "deploy_boot_mode").and_then(BootMode::parse);
    Ok(asked.or(own).or(remembered).or(node.boot_mode).unwrap_or(default))
}

fn text<'a>(map: &'a JsonMap, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn parse(text: &str) -> Result<BootMode, DriverError> {
    BootMode::parse(text)
        .ok_or_else(|| DriverError::InvalidParameterValue(format!("boot_mode {text:?} is neither bios nor uefi")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::task;
    use serde_json::json;

    #[test]
    fn the_most_explicit_word_on_the_mode_wins() {
        let mut node = task("redfish").node;
        let mode = |node: &Node| boot_mode(node, BootMode::Uefi);
        assert_eq!(mode(&node), Ok(BootMode::Uefi));
        node.driver_internal_info.insert("deploy_boot_mode".to_owned(), json!("bios"));
        assert_eq!(mode(&node), Ok(BootMode::Bios));
        node.properties.insert("capabilities".to_owned(), json!("boot_mode:uefi"));
        assert_eq!(mode(&node), Ok(BootMode::Uefi));
        node.instance_info.insert("deploy_boot_mode".to_owned(), json!("uefi"));
        assert_eq!(mode(&node), Ok(BootMode::Uefi));
        node.instance_info.insert("capabilities".to_owned(), json!({"boot_mode": "bios"}));
        assert!(mode(&node).unwrap_err().is_callers_fault());
        node.properties.clear();
        assert_eq!(mode(&node), Ok(BootMode::Bios));
    }
}
