//! The DHCP options by which somebody else's DHCP server, Neutron's, sends a NIC to our boot servers.
//!
//! Numbers and tags are Neutron's: its `opt_name` is an option's number, before which dnsmasq's tags
//! may stand; `ipxe` and `ipxe6` are set for clients that are iPXE already.

use std::net::IpAddr;

use super::{BootChain, BootRecord, loader::Loaders};

/// The longest value that Neutron takes, in characters.
const LONGEST_VALUE: usize = 255;
/// The longest boot file that firmware takes: BOOTP's field `file` (RFC 951).
const LONGEST_BOOT_FILE: usize = 127;

/// One option, as Neutron's `extra_dhcp_opts` have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpOption {
    /// The option's number, perhaps with a tag before it.
    pub name: String,
    /// Its value.
    pub value: String,
    /// 4 or 6.
    pub ip_version: u8,
}

/// Where the boot servers are, as the NICs see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootAddresses {
    /// The TFTP server.
    pub tftp: IpAddr,
    /// What the URLs of boot files start with.
    pub http_url: String,
}

/// A value that does not fit into a DHCP answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The resulting boot file or URL length exceeds Neutron limitations: {value} has {length} characters, the most are {most}."
)]
pub struct TooLong {
    value: String,
    length: usize,
    most: usize,
}

/// The options for every NIC of the node of `record`, for both IP versions; none where the network is
/// not booted from. Where the client does not tell its architecture to Neutron, the node's properties
/// choose the loader.
///
/// # Errors
/// [`TooLong`].
pub fn dhcp_options(record: &BootRecord, loaders: &Loaders, at: &BootAddresses) -> Result<Vec<DhcpOption>, TooLong> {
    let BootAddresses { tftp, http_url } = at;
    let loader = loaders.first(record);
    let script = format!("{http_url}/boot.ipxe");
    let url_host = if tftp.is_ipv6() { format!("[{tftp}]") } else { tftp.to_string() };
    let by_tftp = format!("tftp://{url_host}/{loader}");
    let mut options = match record.chain {
        BootChain::VirtualMedia => return Ok(Vec::new()),
        BootChain::Pxe => vec![v4("67", loader), v6("59", &by_tftp)],
        BootChain::Ipxe => vec![
            v4("tag:!ipxe,67", loader),
            v4("tag:ipxe,67", &script),
            v6("tag:!ipxe6,59", &by_tftp),
            v6("tag:ipxe6,59", &script),
        ],
        BootChain::HttpIpxe => vec![
            v4("tag:!ipxe,67", &format!("{http_url}/{loader}")),
            v4("tag:ipxe,67", &script),
            v4("60", "HTTPClient"),
            v6("tag:!ipxe6,59", &format!("{http_url}/{loader}")),
            v6("tag:ipxe6,59", &script),
        ],
    };
    if record.chain != BootChain::HttpIpxe && tftp.is_ipv4() {
        // 255 is the server's own address in the answer's header, from which old loaders take it.
        options.extend(["66", "150", "255"].map(|name| v4(name, &tftp.to_string())));
    }
    options.iter().try_for_each(check)?;
    Ok(options)
}

fn v4(name: &str, value: &str) -> DhcpOption {
    DhcpOption { name: name.to_owned(), value: value.to_owned(), ip_version: 4 }
}

fn v6(name: &str, value: &str) -> DhcpOption {
    DhcpOption { name: name.to_owned(), value: value.to_owned(), ip_version: 6 }
}

fn check(option: &DhcpOption) -> Result<(), TooLong> {
    let most = if option.name.ends_with("67") { LONGEST_BOOT_FILE } else { LONGEST_VALUE };
    let length = option.value.chars().count();
    if length > most { Err(TooLong { value: option.value.clone(), length, most }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{boot::tests::record, power::BootMode};

    fn told(chain: BootChain, boot_mode: BootMode) -> Vec<String> {
        let at = BootAddresses { tftp: "10.0.0.2".parse().unwrap(), http_url: "http://10.0.0.2:8080".to_owned() };
        let record = BootRecord { chain, boot_mode, ..record("") };
        let options = dhcp_options(&record, &Loaders::default(), &at).unwrap();
        options.iter().filter(|it| it.ip_version == 4).map(|it| format!("{}={}", it.name, it.value)).collect()
    }

    const SERVER: [&str; 3] = ["66=10.0.0.2", "150=10.0.0.2", "255=10.0.0.2"];

    #[test]
    fn each_way_of_booting_and_each_firmware_has_its_options() {
        let script = "tag:ipxe,67=http://10.0.0.2:8080/boot.ipxe";
        let rows: [(BootChain, BootMode, &[&str], &[&str]); 6] = [
            (BootChain::Pxe, BootMode::Bios, &["67=pxelinux.0"], &SERVER),
            (BootChain::Pxe, BootMode::Uefi, &["67=bootx64.efi"], &SERVER),
            (BootChain::Ipxe, BootMode::Bios, &["tag:!ipxe,67=undionly.kpxe", script], &SERVER),
            (BootChain::Ipxe, BootMode::Uefi, &["tag:!ipxe,67=snponly.efi", script], &SERVER),
            (
                BootChain::HttpIpxe,
                BootMode::Uefi,
                &["tag:!ipxe,67=http://10.0.0.2:8080/snponly.efi", script, "60=HTTPClient"],
                &[],
            ),
            (BootChain::VirtualMedia, BootMode::Uefi, &[], &[]),
        ];
        for (chain, mode, own, server) in rows {
            assert_eq!(told(chain, mode), [own, server].concat(), "{chain} {mode}");
        }
    }

    #[test]
    fn for_ipv6_every_value_is_a_url() {
        let at =
            BootAddresses { tftp: "2001:db8::2".parse().unwrap(), http_url: "http://[2001:db8::2]:8080".to_owned() };
        let options = dhcp_options(&record(""), &Loaders::default(), &at).unwrap();
        let v6: Vec<_> = options.iter().filter(|it| it.ip_version == 6).map(|it| (&*it.name, &*it.value)).collect();
        assert_eq!(
            v6,
            [
                ("tag:!ipxe6,59", "tftp://[2001:db8::2]/snponly.efi"),
                ("tag:ipxe6,59", "http://[2001:db8::2]:8080/boot.ipxe"),
            ]
        );
        assert!(!options.iter().any(|it| it.name == "66"), "an IPv6 address is no value of an IPv4 option");
    }

    #[test]
    fn a_boot_file_that_firmware_would_cut_is_refused() {
        let at = BootAddresses { tftp: "10.0.0.2".parse().unwrap(), http_url: format!("http://{}", "x".repeat(120)) };
        let error = dhcp_options(&record(""), &Loaders::default(), &at).unwrap_err().to_string();
        assert!(error.starts_with("The resulting boot file or URL length exceeds Neutron limitations"), "{error}");
    }
}
