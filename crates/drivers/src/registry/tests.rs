//! Which interfaces a node may have, and which it gets.

use std::collections::BTreeMap;

use assay_core::node::InterfaceKind as Kind;

use super::{Implementations, Registry, RegistryError, RegistrySettings};
use crate::{error::DriverError, fake::FakeConfig, interface::InspectKind, testing::task};

fn assemble(settings: &RegistrySettings) -> Result<(Registry, Vec<String>), RegistryError> {
    Registry::assemble(settings, Implementations::in_memory(FakeConfig::default()))
}

fn all() -> Registry {
    assemble(&RegistrySettings::default()).unwrap().0
}

#[test]
fn a_node_that_names_nothing_gets_the_first_choice_of_its_hardware_type() {
    let registry = all();
    let chosen = registry.complete("fake-hardware", &BTreeMap::new()).unwrap();
    for (kind, name) in [
        (Kind::Boot, "fake"),
        (Kind::Deploy, "fake"),
        (Kind::Inspect, "fake"),
        (Kind::Network, "noop"),
        (Kind::Power, "fake"),
        (Kind::Storage, "noop"),
    ] {
        assert_eq!(chosen[&kind], name, "{kind}");
    }
    assert_eq!(chosen.len(), Kind::ALL.len());
}

#[test]
fn the_names_that_metal3_sends_are_accepted_for_redfish() {
    let registry = all();
    let redfish = registry.hardware_type("redfish").unwrap();
    for (kind, name) in [
        (Kind::Bios, "redfish"),
        (Kind::Bios, "no-bios"),
        (Kind::Deploy, "direct"),
        (Kind::Deploy, "custom-agent"),
        (Kind::Deploy, "ramdisk"),
        (Kind::Firmware, "redfish"),
        (Kind::Inspect, "agent"),
        (Kind::Raid, "redfish"),
        (Kind::Raid, "no-raid"),
        (Kind::Vendor, "redfish"),
        (Kind::Vendor, "no-vendor"),
    ] {
        assert_eq!(registry.check_interface(redfish, kind, name), Ok(()), "{kind} {name}");
    }
}

#[test]
fn unknown_and_unsuitable_names_are_refused_in_the_words_of_the_field() {
    let registry = all();
    let manual = registry.hardware_type("manual-management").unwrap();
    assert_eq!(
        registry.check_interface(manual, Kind::Inspect, "nosuch").unwrap_err().to_string(),
        "Could not find the following interface in the 'ironic.hardware.interfaces.inspect' entrypoint: nosuch. \
         Valid interfaces are ['agent', 'fake', 'no-inspect']."
    );
    assert_eq!(
        registry.check_interface(manual, Kind::Inspect, "fake").unwrap_err().to_string(),
        "inspect interface implementation 'fake' is not supported by hardware type manual-management."
    );
    assert_eq!(
        registry.hardware_type("nosuch").unwrap_err().to_string(),
        "Could not find the following driver(s) or hardware type(s): nosuch."
    );
}

#[test]
fn fake_managed_boot_is_there_only_when_it_is_named() {
    let mut settings = RegistrySettings::default();
    let fake = |registry: &Registry| {
        let hardware = registry.hardware_type("fake-hardware").unwrap();
        registry.enabled_interfaces(hardware, Kind::Boot)
    };
    assert!(!fake(&all()).contains(&"fake-managed"));
    settings.enabled.insert(Kind::Boot, vec!["fake-managed".to_owned()]);
    assert_eq!(fake(&assemble(&settings).unwrap().0), ["fake-managed"]);
}

#[test]
fn what_the_configuration_lists_and_the_build_lacks_is_a_warning_but_a_default_stops_the_start() {
    let hardware_types = Some(vec!["ilo".to_owned(), "redfish".to_owned()]);
    let mut settings = RegistrySettings { hardware_types, ..RegistrySettings::default() };
    settings.enabled.insert(Kind::Network, vec!["noop".to_owned(), "flat".to_owned()]);
    let (registry, warnings) = assemble(&settings).unwrap();
    assert_eq!(registry.hardware_types().map(|hardware| hardware.name).collect::<Vec<_>>(), ["redfish"]);
    assert_eq!(
        warnings,
        [
            "[DEFAULT]enabled_hardware_types: ilo is not in this build; ignored",
            "[DEFAULT]enabled_network_interfaces: flat is not in this build; ignored",
        ]
    );
    settings.defaults.insert(Kind::Network, "flat".to_owned());
    assert!(matches!(assemble(&settings), Err(RegistryError::BadDefault { kind: Kind::Network, .. })));
}

#[test]
fn a_configured_default_holds_only_where_the_hardware_type_can_use_it() {
    let mut settings = RegistrySettings::default();
    settings.defaults.insert(Kind::Inspect, "fake".to_owned());
    let registry = assemble(&settings).unwrap().0;
    let default = |name| registry.default_interface(registry.hardware_type(name).unwrap(), Kind::Inspect);
    assert_eq!(default("fake-hardware"), Ok("fake"));
    assert_eq!(default("redfish"), Ok("agent"));
}

#[tokio::test]
async fn a_node_reaches_its_interfaces_by_name() {
    let registry = all();
    let mut task = task("fake-hardware");
    task.node.interfaces = registry.complete("fake-hardware", &BTreeMap::new()).unwrap();
    registry.power(&task.node).unwrap().validate(&task).unwrap();
    registry.network(&task.node).unwrap().validate_inspection(&task).await.unwrap();
    assert_eq!(registry.inspect(&task.node).unwrap().kind(), InspectKind::Immediate);
    assert_eq!(
        registry.boot(&task.node).unwrap().validate_inspection(&task).await,
        Err(DriverError::unsupported("fake-hardware", "validate_inspection"))
    );
    task.node.interfaces.insert(Kind::Inspect, "no-inspect".to_owned());
    let refusal = registry.inspect(&task.node).unwrap().validate(&task).unwrap_err();
    assert_eq!(refusal.to_string(), "Driver fake-hardware does not support inspect (disabled or not implemented).");
}
