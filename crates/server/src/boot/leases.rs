//! Which address the embedded DHCP server has given to which NIC.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use assay_core::mac::MacAddress;

/// How long an address that a client found in use is not given again (RFC 2131 §4.3.3 leaves the
/// time to the server).
const DECLINED_FOR: Duration = Duration::from_secs(600);

/// How many addresses are tried for a NIC before the range counts as full.
const MAX_TRIES: u64 = 65_536;

/// One address that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The NIC.
    pub mac: MacAddress,
    /// Its address.
    pub address: Ipv4Addr,
    /// Until when it may use the address. After that the lease still tells which address to
    /// prefer, until another NIC needs it.
    pub until: SystemTime,
}

/// The leases of one range. A NIC's address is found from its MAC, so that it tends to stay the
/// same even when nothing was kept.
#[derive(Default)]
pub struct Leases(Mutex<Book>);

#[derive(Default)]
struct Book {
    by_mac: HashMap<MacAddress, Lease>,
    by_address: HashMap<Ipv4Addr, MacAddress>,
    declined: HashMap<Ipv4Addr, SystemTime>,
}

impl Leases {
    /// Takes over the leases that were kept.
    pub fn restore(&self, leases: Vec<Lease>) {
        let mut book = self.book();
        leases.into_iter().for_each(|lease| book.put(lease));
    }

    /// The address of a NIC whose lease runs.
    #[must_use]
    pub fn address_of(&self, mac: MacAddress, now: SystemTime) -> Option<Ipv4Addr> {
        self.book().by_mac.get(&mac).filter(|lease| lease.until > now).map(|lease| lease.address)
    }

    /// The NIC that an address was leased to.
    #[must_use]
    pub fn mac_of(&self, address: IpAddr) -> Option<MacAddress> {
        match address {
            IpAddr::V4(address) => self.book().by_address.get(&address).copied(),
            IpAddr::V6(_) => None,
        }
    }

    /// An address of `range` for `mac` until `until`: the one that it has, else the one it `wants` if
    /// that is free, else the first free one from where its MAC points to. `None`: all are taken.
    #[must_use]
    pub fn give(
        &self,
        mac: MacAddress,
        wants: Option<Ipv4Addr>,
        range: (Ipv4Addr, Ipv4Addr),
        now: SystemTime,
        until: SystemTime,
    ) -> Option<Lease> {
        let mut book = self.book();
        let size = u64::from(range.1.to_bits() - range.0.to_bits()) + 1;
        let start = spread(mac) % size;
        let in_turn = (0..size.min(MAX_TRIES)).map(|step| nth(range.0, (start + step) % size));
        let had = book.by_mac.get(&mac).map(|lease| lease.address);
        let address = had
            .into_iter()
            .chain(wants)
            .chain(in_turn)
            .find(|address| (range.0..=range.1).contains(address) && book.is_free(*address, mac, now))?;
        let lease = Lease { mac, address, until };
        book.put(lease);
        Some(lease)
    }

    /// The client gives its address back.
    pub fn release(&self, mac: MacAddress) {
        self.book().drop_lease(mac);
    }

    /// The client found its address in use by somebody else.
    pub fn decline(&self, mac: MacAddress, now: SystemTime) {
        let mut book = self.book();
        if let Some(lease) = book.drop_lease(mac) {
            book.declined.insert(lease.address, now + DECLINED_FOR);
        }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn is_free(&self, address: Ipv4Addr, mac: MacAddress, now: SystemTime) -> bool {
        let taken = self.by_address.get(&address).and_then(|holder| self.by_mac.get(holder));
        taken.is_none_or(|lease| lease.mac == mac || lease.until <= now)
            && self.declined.get(&address).is_none_or(|until| *until <= now)
    }

    fn put(&mut self, lease: Lease) {
        self.drop_lease(lease.mac);
        if let Some(former) = self.by_address.insert(lease.address, lease.mac) {
            self.by_mac.remove(&former);
        }
        self.by_mac.insert(lease.mac, lease);
    }

    fn drop_lease(&mut self, mac: MacAddress) -> Option<Lease> {
        let lease = self.by_mac.remove(&mac)?;
        self.by_address.remove(&lease.address);
        Some(lease)
    }
}

/// A number that differs for neighbouring MACs (FNV-1a, which is the same in every build).
fn spread(mac: MacAddress) -> u64 {
    mac.0.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn nth(first: Ipv4Addr, step: u64) -> Ipv4Addr {
    Ipv4Addr::from_bits(first.to_bits().wrapping_add(u32::try_from(step).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(10, 0, 0, 10), Ipv4Addr::new(10, 0, 0, 12));
    const T0: SystemTime = SystemTime::UNIX_EPOCH;

    fn mac(last: u8) -> MacAddress {
        MacAddress([2, 0, 0, 0, 0, last])
    }

    fn at(seconds: u64) -> SystemTime {
        T0 + Duration::from_secs(seconds)
    }

    fn give(leases: &Leases, last: u8, now: u64) -> Option<Ipv4Addr> {
        leases.give(mac(last), None, RANGE, at(now), at(now + 60)).map(|lease| lease.address)
    }

    #[test]
    fn a_nic_keeps_its_address_and_no_two_share_one() {
        let leases = Leases::default();
        let mut given: Vec<_> = (1..=3).map(|last| give(&leases, last, 0).unwrap()).collect();
        assert_eq!(give(&leases, 2, 1), Some(given[1]));
        assert_eq!(leases.address_of(mac(2), at(1)), Some(given[1]));
        assert_eq!(leases.mac_of(given[1].into()), Some(mac(2)));
        given.sort();
        given.dedup();
        assert_eq!(given.len(), 3);
        assert_eq!(give(&leases, 4, 2), None);
    }

    #[test]
    fn an_address_is_free_again_when_its_time_is_over_or_it_is_released() {
        let leases = Leases::default();
        (1..=3).for_each(|last| assert!(give(&leases, last, 0).is_some()));
        leases.release(mac(3));
        assert!(give(&leases, 4, 1).is_some());
        assert!(give(&leases, 5, 60).is_some());
        assert_eq!(leases.address_of(mac(1), at(60)), None);
    }

    #[test]
    fn what_a_client_wants_is_given_if_it_is_free_and_ours() {
        let leases = Leases::default();
        let want = |last, address| leases.give(mac(last), Some(address), RANGE, at(0), at(60)).map(|l| l.address);
        let wanted = Ipv4Addr::new(10, 0, 0, 12);
        assert_eq!(want(1, wanted), Some(wanted));
        assert_ne!(want(2, wanted), Some(wanted));
        assert!((RANGE.0..=RANGE.1).contains(&want(3, Ipv4Addr::new(10, 0, 0, 99)).unwrap()));
    }

    #[test]
    fn a_declined_address_rests() {
        let leases = Leases::default();
        let first = give(&leases, 1, 0).unwrap();
        leases.decline(mac(1), at(0));
        assert_ne!(give(&leases, 1, 1), Some(first));
        leases.release(mac(1));
        assert_eq!(give(&leases, 1, 601), Some(first));
    }

    #[test]
    fn kept_leases_hold_after_a_restart() {
        let (before, after) = (Leases::default(), Leases::default());
        let lease = before.give(mac(1), None, RANGE, at(0), at(60)).unwrap();
        after.restore(vec![lease]);
        assert_eq!(after.address_of(mac(1), at(1)), Some(lease.address));
        assert!((2..=3).all(|last| give(&after, last, 1) != Some(lease.address)));
    }
}
