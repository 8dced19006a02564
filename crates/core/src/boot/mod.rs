//! What the boot listeners answer: rendered from typed parts when a NIC asks, never written to disk.
//!
//! **Invariant:** the names that are answered are a closed grammar ([`names`]); whatever a client
//! sends, no file name of the host is made from it.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    callback::{InstanceKey, callback_urls},
    id::{NodeId, RunId},
    kernel::{CALLBACK_KEY, InvalidKernelParam, KernelParams},
    mac::MacAddress,
    power::{BootMode, named},
    secret::Secret,
};

pub mod dhcp_options;
pub mod grub;
pub mod ipxe;
pub mod iso;
pub mod loader;
pub mod names;
pub mod pxelinux;
pub mod sign;
pub mod tftp;

named! {
    /// Which chain of loaders brings the ramdisk in: the boot interface of the same name.
    BootChain {
        /// The NIC's own loader, then iPXE, then all over HTTP.
        Ipxe = "ipxe",
        /// PXELINUX or GRUB, all over TFTP.
        Pxe = "pxe",
        /// As `ipxe`, with iPXE itself fetched by UEFI HTTP boot.
        HttpIpxe = "http-ipxe",
        /// A disc that the BMC is given; the network is not booted from.
        VirtualMedia = "redfish-virtual-media",
    }
}

/// Everything that the answers to one node's NICs are rendered from. It lives from
/// `prepare_ramdisk` to `clean_up_ramdisk` and holds no secret: the callback's is derived when
/// the answer is rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootRecord {
    /// The node that boots; its id is in the names of the files that are served.
    pub node: NodeId,
    /// The NICs that are answered; any other gets nothing.
    pub macs: Vec<MacAddress>,
    /// The chain of loaders.
    pub chain: BootChain,
    /// The node's CPU architecture, as in `properties.cpu_arch`.
    pub cpu_arch: Option<String>,
    /// The firmware's mode, which chooses the loader where the NIC does not say.
    pub boot_mode: BootMode,
    /// The kernel's key in the image cache.
    pub kernel: String,
    /// The ramdisk's key in the image cache.
    pub ramdisk: String,
    /// The kernel line, without the callback.
    pub params: KernelParams,
    /// Where the ramdisk reports to.
    pub callback: Callback,
    /// Who gives the NICs their addresses.
    #[serde(default)]
    pub dhcp: DhcpProvider,
    /// The addresses that Neutron gives to the NICs; a script is served to these only.
    #[serde(default)]
    pub addresses: Vec<(MacAddress, IpAddr)>,
}

/// Who answers the DHCP requests of a node's NICs during its inspection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DhcpProvider {
    /// The embedded server, if there is one on the NICs' network.
    #[default]
    Own,
    /// Neutron, which is told the boot options with each port.
    Neutron,
    /// Somebody who is told nothing by us.
    Foreign,
}

/// Where a ramdisk reports to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// To Assay: one or more URLs, own first, each followed by run id and secret.
    Own(Vec<String>),
    /// To another service: the URL as it is, since nobody else knows our secrets.
    Foreign(String),
}

impl Callback {
    /// The value of `ipa-inspection-callback-url` for one run.
    #[must_use]
    pub fn url(&self, key: &InstanceKey, run: RunId) -> Secret {
        match self {
            Self::Own(bases) => callback_urls(key, run, bases),
            Self::Foreign(url) => Secret::new(url.clone()),
        }
    }
}

impl BootRecord {
    /// The kernel line of one NIC's boot: what the ramdisk always gets, the record's parameters, the
    /// callback, and `BOOTIF`, by which the ramdisk knows the NIC to use, where it is known.
    ///
    /// # Errors
    /// A callback URL that can't stand in a kernel line (the error does not show it), or a line
    /// that is too long.
    pub fn kernel_line(&self, callback: &Secret, mac: Option<MacAddress>) -> Result<KernelParams, InvalidKernelParam> {
        let line = KernelParams::parse("selinux=0 troubleshoot=0 text")?
            .and(&self.params)?
            .with(CALLBACK_KEY, callback.reveal())
            .map_err(without_secret)?;
        match mac {
            Some(mac) => line.with("BOOTIF", &format!("01-{}", mac.hyphenated())),
            None => Ok(line),
        }
    }

    /// The addresses that Neutron gives to this NIC.
    pub fn addresses_of(&self, mac: MacAddress) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().filter(move |(of, _)| *of == mac).map(|(_, address)| *address)
    }

    /// The NIC to which Neutron gives this address.
    #[must_use]
    pub fn mac_of(&self, address: IpAddr) -> Option<MacAddress> {
        self.addresses.iter().find(|(_, own)| *own == address).map(|(mac, _)| *mac)
    }

    /// Renders what a NIC would be answered, with a callback of the real length, so that
    /// `prepare_ramdisk` tells of a bad or too long line before power is touched.
    ///
    /// # Errors
    /// As [`kernel_line`](Self::kernel_line).
    pub fn check(&self) -> Result<(), InvalidKernelParam> {
        let run = RunId(self.node.0);
        let callback = self.callback.url(&InstanceKey::new([0; 32]), run);
        let mac = Some(MacAddress([0; 6]));
        pxelinux::node_config(&NodeBoot { record: self, callback: &callback, mac }).map(|_| ())
    }
}

fn without_secret(error: InvalidKernelParam) -> InvalidKernelParam {
    match error {
        InvalidKernelParam::Unsafe { why, .. } => InvalidKernelParam::Unsafe { param: CALLBACK_KEY.to_owned(), why },
        other => other,
    }
}

/// One node that is being booted, as the renderers of its scripts see it.
#[derive(Clone, Debug)]
pub struct NodeBoot<'a> {
    /// The node's record.
    pub record: &'a BootRecord,
    /// The value of `ipa-inspection-callback-url`, secret included.
    pub callback: &'a Secret,
    /// The NIC that asks; for a disc, the node's only one.
    pub mac: Option<MacAddress>,
}

#[cfg(test)]
mod tests;
