//! IPv6 router advertisements on the inspection segment: without one, iPXE waits 13 s for a router on each boot.

use anyhow::Result;

use super::{INSPECTION_INTERFACE, Lab, conf};

/// Starts dnsmasq for advertisements alone: no DNS, no DHCPv4, no TFTP, since those are Assay's.
pub fn up(lab: &Lab) -> Result<()> {
    lab.ip(&["-n", &lab.name, "addr", "add", "fd00:100::1/64", "dev", INSPECTION_INTERFACE, "nodad"])?;
    let text = format!(
        "port=0\ninterface={INSPECTION_INTERFACE}\nbind-interfaces\nuser=root\nenable-ra\n\
         dhcp-leasefile={folder}/router.leases\ndhcp-range=fd00:100::,ra-only,64\nra-param={INSPECTION_INTERFACE},60,0\n",
        folder = lab.folder.display()
    );
    let file = conf(lab, "router.conf", &text)?;
    lab.start("router", lab.command("dnsmasq").arg("--keep-in-foreground").arg("--log-facility=-").arg("-C").arg(file))
}
