//! Who may read a boot script, which holds the secret of its run.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use assay_core::{id::RunId, mac::MacAddress};

/// More runs than can wait at once; beyond it, the oldest are forgotten (run ids are in the order of
/// their time).
const MAX_RUNS: usize = 200_000;

/// Remembers the first requester of each NIC's script, for NICs whose address we did not lease.
#[derive(Default)]
pub struct ScriptGuard(Mutex<BTreeMap<RunId, HashMap<MacAddress, IpAddr>>>);

/// The script of a NIC was asked for from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    mac: MacAddress,
    peer: IpAddr,
    expected: IpAddr,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mac, peer, expected } = self;
        write!(f, "{peer} asked for the boot script of {mac}, which belongs to {expected}; refused")
    }
}

impl ScriptGuard {
    /// Admits `peer` to the script of `mac`: only an address that we, or Neutron, gave to it, or, where
    /// none is known, only the first address that asked in this run.
    ///
    /// # Errors
    /// [`Stranger`] for any other.
    pub fn admit(&self, run: RunId, mac: MacAddress, peer: IpAddr, known: &[IpAddr]) -> Result<(), Stranger> {
        if known.contains(&peer) {
            return Ok(());
        }
        let expected = known.first().copied().unwrap_or_else(|| self.first_requester(run, mac, peer));
        if peer == expected { Ok(()) } else { Err(Stranger { mac, peer, expected }) }
    }

    fn first_requester(&self, run: RunId, mac: MacAddress, peer: IpAddr) -> IpAddr {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= MAX_RUNS && !runs.contains_key(&run) {
            runs.pop_first();
        }
        *runs.entry(run).or_default().entry(mac).or_insert(peer)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;

    const MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const OTHER: MacAddress = MacAddress([2, 0, 0, 0, 0, 2]);

    fn ip(last: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn s9_a_leased_address_is_the_only_one_that_gets_the_script() {
        let guard = ScriptGuard::default();
        assert!(guard.admit(RunId(Uuid::nil()), MAC, ip(6), &[ip(5)]).is_err());
        assert_eq!(guard.admit(RunId(Uuid::nil()), MAC, ip(5), &[ip(4), ip(5)]), Ok(()));
    }

    #[test]
    fn s9_with_a_foreign_dhcp_the_first_requester_stays_the_only_one() {
        let guard = ScriptGuard::default();
        let (run, next) = (RunId(Uuid::nil()), RunId(Uuid::max()));
        assert_eq!(guard.admit(run, MAC, ip(7), &[]), Ok(()));
        assert_eq!(guard.admit(run, MAC, ip(7), &[]), Ok(()));
        let stranger = guard.admit(run, MAC, ip(8), &[]).unwrap_err();
        assert!(stranger.to_string().starts_with("10.0.0.8 asked for the boot script of 02:00:00:00:00:01"));
        assert_eq!(guard.admit(run, OTHER, ip(8), &[]), Ok(()));
        assert_eq!(guard.admit(next, MAC, ip(8), &[]), Ok(()));
    }
}
