//! The rows of the network interfaces `flat` and `neutron`, with a Neutron on a real socket.

use assay_sim::{Cloud, CloudSetup};
use serde_json::json;

use super::case::{Case, Change, UNMANAGED, each_of};

/// A node that is fine and isolated.
fn isolated(cloud: &Cloud) -> Case {
    let mut case = Case::new();
    case.options.extend(cloud.options());
    case.node["network_interface"] = json!("neutron");
    case.ports[0]["local_link_connection"] = cloud.link("swp0");
    case
}

const FLAT: Change = |case| case.node["network_interface"] = json!("flat");
const NO_LINK: Change = |case| case.ports[0]["local_link_connection"] = json!({});
const NO_NETWORK: Change = |case| case.set("OS_NEUTRON__INSPECTION_NETWORK", "");
const SECOND_WITHOUT_LINK: Change = |case| case.ports.push(json!({"address": "52:54:00:00:00:02"}));

const UNSET: &str = "Insufficient information provided for managed inspection: UUID or name of inspection_network is not \
                     set in configuration or in node driver_info.";

#[tokio::test]
async fn an_inspection_network_has_to_be_named_there_and_alone() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    each_of(
        || isolated(&cloud),
        &[
            (|_| {}, "network", true, ""),
            (|_| {}, "inspect", true, "boot will be managed by the conductor"),
            (FLAT, "network", true, ""),
            (NO_NETWORK, "network", true, UNSET),
            (NO_NETWORK, "inspect", false, UNSET),
            (
                |case| {
                    NO_NETWORK(case);
                    UNMANAGED(case);
                },
                "inspect",
                true,
                "unmanaged: Insufficient information provided for managed inspection: UUID or name of inspection_network",
            ),
            (
                |case| {
                    NO_NETWORK(case);
                    case.info("inspection_network", json!("inspection"));
                },
                "inspect",
                true,
                "boot will be managed by the conductor",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_network_of_the_node_is_looked_at_like_a_configured_one() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    each_of(
        || isolated(&cloud),
        &[
            (
                |case| case.info("inspection_network", json!("nowhere")),
                "network",
                false,
                "inspection_network with name or UUID nowhere was not found",
            ),
            (
                |case| case.info("inspection_network", json!("twice")),
                "inspect",
                false,
                "More than one inspection_network was found for name twice: ",
            ),
            (
                |case| {
                    case.info("inspection_network", json!("nowhere"));
                    UNMANAGED(case);
                },
                "inspect",
                true,
                "the inspection would fail: inspection_network with name or UUID nowhere was not found",
            ),
            (
                |case| case.info("inspection_network", json!(5)),
                "network",
                false,
                "driver_info/inspection_network of node NODE has to be a string, not 5",
            ),
            (
                |case| {
                    NO_NETWORK(case);
                    UNMANAGED(case);
                    case.fake("fake");
                    case.node["network_interface"] = json!("neutron");
                },
                "inspect",
                true,
                "is not set in configuration or in node driver_info. Driver fake-hardware does not support",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn every_port_has_to_say_where_it_is_plugged_in_or_is_left_out() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    each_of(
        || isolated(&cloud),
        &[
            (NO_LINK, "network", false, "No PXE-enabled port of node NODE can be put on the inspection network: port "),
            (NO_LINK, "inspect", false, "has no local_link_connection: set its switch_id, port_id and switch_info"),
            (
                |case| {
                    NO_LINK(case);
                    UNMANAGED(case);
                },
                "inspect",
                true,
                "the inspection would fail: No PXE-enabled port of node NODE",
            ),
            (
                |case| {
                    NO_LINK(case);
                    FLAT(case);
                },
                "network",
                true,
                "",
            ),
            (SECOND_WITHOUT_LINK, "network", true, "not on the inspection network: port "),
            (SECOND_WITHOUT_LINK, "inspect", true, "boot will be managed by the conductor"),
        ],
    )
    .await;
}

#[tokio::test]
async fn which_ports_are_moved_goes_by_the_boot_and_by_what_they_are() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    each_of(
        || isolated(&cloud),
        &[
            (
                |case| case.ports[0]["pxe_enabled"] = json!(false),
                "network",
                false,
                "No available PXE-enabled ports on node NODE.",
            ),
            (
                |case| {
                    case.ports[0]["pxe_enabled"] = json!(false);
                    case.set("OS_NEUTRON__ADD_ALL_PORTS", "True");
                },
                "network",
                true,
                "",
            ),
            (
                |case| {
                    case.ports[0]["pxe_enabled"] = json!(false);
                    case.node["boot_interface"] = json!("redfish-virtual-media");
                },
                "network",
                true,
                "",
            ),
            (
                |case| case.ports[0]["physical_network"] = json!("physnet9"),
                "network",
                false,
                "is on physical network physnet9, and the inspection network on physnet1",
            ),
            (
                |case| case.ports[0]["is_smartnic"] = json!(true),
                "network",
                false,
                "is a smart NIC whose local_link_connection has no hostname and port_id",
            ),
            (|case| case.ports.clear(), "network", true, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_keeps_neutron_from_answering_is_told_and_is_no_reason_to_fall_back() {
    let cloud = Cloud::start(CloudSetup::default()).await.unwrap();
    each_of(
        || isolated(&cloud),
        &[
            (
                |case| case.set("OS_NEUTRON__PASSWORD", "wrong"),
                "network",
                false,
                "Unexpected exception, traceback saved into log by ironic conductor service that is running on conductor-1: ",
            ),
            (
                |case| {
                    case.set("OS_NEUTRON__PASSWORD", "wrong");
                    UNMANAGED(case);
                },
                "inspect",
                true,
                "the inspection would fail: Could not retrieve network: ",
            ),
            (|case| case.set("OS_NEUTRON__REGION_NAME", "Nowhere"), "network", false, "Nowhere"),
            (
                |case| case.set("OS_NEUTRON__INSPECTION_NETWORK_SECURITY_GROUPS", "default,absent"),
                "network",
                false,
                "Could not find these security groups (specified via ironic config) in neutron: [absent]",
            ),
            (
                |case| case.node["disable_power_off"] = json!(true),
                "network",
                false,
                "Node NODE must not be powered off (disable_power_off)",
            ),
            (
                |case| {
                    case.node["disable_power_off"] = json!(true);
                    case.set("OS_NEUTRON__ALLOW_DISABLING_POWER_OFF", "True");
                },
                "network",
                true,
                "",
            ),
            (
                |case| {
                    case.node["network_interface"] = json!("noop");
                    case.set("OS_DHCP__DHCP_PROVIDER", "neutron");
                },
                "inspect",
                false,
                "The network interface noop makes no Neutron port that could hold DHCP options",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_network_without_a_neutron_is_told() {
    let plain = || {
        let mut case = Case::new();
        case.node["network_interface"] = json!("neutron");
        case.set("OS_NEUTRON__INSPECTION_NETWORK", "inspection");
        case
    };
    each_of(plain, &[(|_| {}, "network", false, "[neutron] does not say how to reach Neutron")]).await;
}
