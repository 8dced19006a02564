//! By which addresses a node's BMC is known to its ramdisk.

use std::{net::IpAddr, time::Duration};

use assay_core::{lookup::bmc_host, node::Node};
use tokio::{net::lookup_host, time::timeout};

/// How long names may take to be resolved; what comes later is no clue.
const DEADLINE: Duration = Duration::from_secs(5);

/// The addresses that the node's BMC has now, by its `driver_info`. A loopback address is no clue:
/// it is that of an emulator, which many nodes share.
pub async fn bmc_addresses(node: &Node) -> Vec<IpAddr> {
    let Some(host) = bmc_host(&node.driver_info) else { return Vec::new() };
    let resolved = match timeout(DEADLINE, lookup_host((host, 0))).await {
        Ok(Ok(resolved)) => resolved.map(|socket| socket.ip()).collect(),
        Ok(Err(error)) => {
            tracing::warn!(node.id = %node.id, bmc.host = host, %error, "the BMC's name can't be resolved");
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    let mut addresses: Vec<IpAddr> = resolved;
    addresses.retain(|address| !address.is_loopback());
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
