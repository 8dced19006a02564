//! Signs of life that were just noted, so that a client that repeats itself fills no timeline.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use assay_core::{boot::sign::Sign, id::RunId, mac::MacAddress};
use tokio::time::Instant;

/// The same sign of the same NIC is noted once in this time. Firmware asks for its loader twice
/// within a second, first for the size.
const QUIET: Duration = Duration::from_secs(5);

/// How many are remembered before the old ones are looked for and forgotten.
const MANY: usize = 4096;

type Key = (RunId, Sign, Option<MacAddress>);

/// When each sign was last noted.
#[derive(Default)]
pub struct RecentSigns(Mutex<HashMap<Key, Instant>>);

impl RecentSigns {
    /// Whether the sign is to be noted; if so, it counts as noted.
    pub fn is_news(&self, run: RunId, sign: Sign, mac: Option<MacAddress>, now: Instant) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() >= MANY {
            noted.retain(|_, at| now < *at + QUIET);
        }
        let key = (run, sign, mac);
        if noted.get(&key).is_some_and(|at| now < *at + QUIET) {
            return false;
        }
        noted.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn s10_a_client_that_repeats_itself_is_noted_once_in_a_while() {
        let (recent, start) = (RecentSigns::default(), Instant::now());
        let run = RunId(Uuid::nil());
        let news = |sign, after| recent.is_news(run, sign, None, start + Duration::from_millis(after));
        assert!(news(Sign::Dhcp, 0));
        assert!((1..5000).all(|after| !news(Sign::Dhcp, after)));
        assert!(news(Sign::Loader, 1));
        assert!(news(Sign::Dhcp, 5000));
    }

    #[test]
    fn s10_memory_stays_bounded() {
        let (recent, start) = (RecentSigns::default(), Instant::now());
        for n in 0..20_000u32 {
            let now = start + Duration::from_millis(n.into()) * 2;
            assert!(recent.is_news(RunId(Uuid::from_u128(n.into())), Sign::Dhcp, None, now));
        }
        assert!(recent.0.lock().unwrap().len() <= MANY);
    }
}
