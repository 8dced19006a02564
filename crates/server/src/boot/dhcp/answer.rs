//! The answer to one DHCP request: a pure function of the request, the run and the leases.

use std::{
    net::Ipv4Addr,
    time::{Duration, SystemTime},
};

use assay_core::boot::{
    BootChain, BootRecord,
    loader::{BootFile, Loaders},
};
use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode, UnknownOption};

use crate::boot::{
    DhcpMode,
    dhcp::request::{Firmware, IPXE_OPTION, Request},
    leases::{Lease, Leases},
};

/// Sub-option 6 (discovery control) of option 43 with the value 8: take the boot file from this
/// answer and look for no boot server (PXE specification 2.1, table 2-1), then the end mark.
const PXE_NO_DISCOVERY: [u8; 4] = [6, 1, 8, 255];

/// iPXE's sub-option `no-pxedhcp`: don't wait for a proxy DHCP server besides this answer.
const IPXE_NO_PROXY: [u8; 3] = [0xb0, 1, 1];

/// What all answers of this server share.
#[derive(Clone, Debug)]
pub struct DhcpContext {
    /// Our address, at which the client reaches DHCP, TFTP and HTTP.
    pub server: Ipv4Addr,
    /// The mask of the network on the interface.
    pub netmask: Ipv4Addr,
    /// What we give.
    pub mode: DhcpMode,
    /// The loaders that clients are told.
    pub loaders: Loaders,
    /// What boot URLs start with.
    pub http_url: String,
}

/// An answer, and the lease that it gives.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The packet to send.
    pub message: Message,
    /// The lease, in an ACK with an address.
    pub lease: Option<Lease>,
}

impl DhcpContext {
    /// The answer to a client whose run waits. `None`: none is due, or all addresses are taken.
    #[must_use]
    pub fn answer(&self, request: &Request, record: &BootRecord, leases: &Leases, now: SystemTime) -> Option<Answer> {
        match &self.mode {
            DhcpMode::Proxy => self.proxy(request, record),
            DhcpMode::Full { range, router, lease } => {
                let full = Full { context: self, range: *range, router: *router, lease: *lease };
                full.answer(request, record, leases, now)
            }
        }
    }

    /// Boot options beside another server's address (PXE specification 2.1 §2.2.3).
    fn proxy(&self, request: &Request, record: &BootRecord) -> Option<Answer> {
        let kind = match request.kind {
            MessageType::Discover => MessageType::Offer,
            MessageType::Request | MessageType::Inform => MessageType::Ack,
            _ => return None,
        };
        let other_server = request.server.is_some_and(|server| server != self.server);
        let boots = request.boots() && record.chain != BootChain::VirtualMedia;
        if !boots || other_server {
            return None;
        }
        let mut message = self.reply(request, kind);
        self.add_boot_file(&mut message, request, record);
        if request.firmware != Firmware::Http {
            let options = message.opts_mut();
            options.insert(DhcpOption::ClassIdentifier(b"PXEClient".to_vec()));
            options.insert(DhcpOption::VendorExtensions(PXE_NO_DISCOVERY.to_vec()));
        }
        Some(Answer { message, lease: None })
    }

    /// An answer without address or boot options.
    fn reply(&self, request: &Request, kind: MessageType) -> Message {
        let mut message = Message::default();
        message.set_opcode(Opcode::BootReply).set_xid(request.xid).set_flags(request.flags).set_chaddr(&request.mac.0);
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        options.insert(DhcpOption::ServerIdentifier(self.server));
        for echoed in &request.echoed {
            options.insert(echoed.clone());
        }
        message
    }

    /// The boot file, as a field of the packet for the firmware that looks there and as options for
    /// the firmware that looks here.
    fn add_boot_file(&self, message: &mut Message, request: &Request, record: &BootRecord) {
        let Some(file) = self.loaders.boot_file(request.client, record, &self.http_url) else { return };
        let options = message.opts_mut();
        let name = match file {
            BootFile::Http(url) => {
                options.insert(DhcpOption::ClassIdentifier(b"HTTPClient".to_vec()));
                url
            }
            BootFile::Script(url) => url,
            BootFile::Tftp(name) => {
                options.insert(DhcpOption::TFTPServerName(self.server.to_string().into_bytes()));
                options.insert(DhcpOption::TFTPServerAddress(self.server));
                name
            }
        };
        if request.client.ipxe {
            options.insert(DhcpOption::Unknown(UnknownOption::new(IPXE_OPTION, IPXE_NO_PROXY.to_vec())));
        }
        options.insert(DhcpOption::BootfileName(name.clone().into_bytes()));
        message.set_siaddr(self.server);
        if name.len() < 128 {
            message.set_fname_str(name);
        }
    }
}

/// The server that gives addresses as well.
struct Full<'a> {
    context: &'a DhcpContext,
    range: (Ipv4Addr, Ipv4Addr),
    router: Option<Ipv4Addr>,
    lease: Duration,
}

impl Full<'_> {
    fn answer(&self, request: &Request, record: &BootRecord, leases: &Leases, now: SystemTime) -> Option<Answer> {
        match request.kind {
            MessageType::Discover => {
                let lease = leases.give(request.mac, request.wants, self.range, now, now + self.lease)?;
                Some(Answer { message: self.grant(request, record, MessageType::Offer, lease), lease: None })
            }
            MessageType::Request => self.on_request(request, record, leases, now),
            MessageType::Inform => {
                let mut message = self.context.reply(request, MessageType::Ack);
                message.set_ciaddr(request.ciaddr);
                self.add_network(&mut message);
                if request.boots() {
                    self.context.add_boot_file(&mut message, request, record);
                }
                Some(Answer { message, lease: None })
            }
            MessageType::Release => {
                leases.release(request.mac);
                None
            }
            MessageType::Decline => {
                leases.decline(request.mac, now);
                None
            }
            _ => None,
        }
    }

    /// A client takes our offer, comes back after a reboot, or renews (RFC 2131 §4.3.2). A client that
    /// takes another server's offer is left to it.
    fn on_request(&self, request: &Request, record: &BootRecord, leases: &Leases, now: SystemTime) -> Option<Answer> {
        if request.server.is_some_and(|server| server != self.context.server) {
            leases.release(request.mac);
            return None;
        }
        let current = Some(request.ciaddr).filter(|address| !address.is_unspecified());
        let wants = request.wants.or(current);
        let lease = leases.give(request.mac, wants, self.range, now, now + self.lease)?;
        if wants == Some(lease.address) {
            let message = self.grant(request, record, MessageType::Ack, lease);
            return Some(Answer { message, lease: Some(lease) });
        }
        Some(Answer { message: self.context.reply(request, MessageType::Nak), lease: None })
    }

    fn grant(&self, request: &Request, record: &BootRecord, kind: MessageType, lease: Lease) -> Message {
        let mut message = self.context.reply(request, kind);
        message.set_yiaddr(lease.address).set_ciaddr(request.ciaddr);
        self.add_network(&mut message);
        let seconds = u32::try_from(self.lease.as_secs()).unwrap_or(u32::MAX);
        let options = message.opts_mut();
        options.insert(DhcpOption::AddressLeaseTime(seconds));
        options.insert(DhcpOption::Renewal(seconds / 2));
        options.insert(DhcpOption::Rebinding(seconds / 8 * 7));
        if request.boots() {
            self.context.add_boot_file(&mut message, request, record);
        }
        message
    }

    fn add_network(&self, message: &mut Message) {
        let mask = self.context.netmask;
        let options = message.opts_mut();
        options.insert(DhcpOption::SubnetMask(mask));
        options.insert(DhcpOption::BroadcastAddr(self.context.server | !mask));
        if let Some(router) = self.router {
            options.insert(DhcpOption::Router(vec![router]));
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
