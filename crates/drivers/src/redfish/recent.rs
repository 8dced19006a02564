//! The system as it was read a moment ago. Effects of one run follow each other at once, and a BMC may take a second for an answer.
//!
//! **Invariant:** what is remembered is older than nothing that we have written since.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{account::Account, client::Resource};

/// How long an answer stands for the next question: others may change the machine meanwhile, as they may between a
/// question and what is done about its answer.
const MOMENT: Duration = Duration::from_secs(1);

/// What operations that follow each other have read; each clone is of the same.
#[derive(Clone, Default)]
pub struct Recent(Arc<Mutex<Option<Seen>>>);

struct Seen {
    until: Instant,
    by: Arc<Account>,
    system: Arc<Resource>,
}

impl Recent {
    /// The system behind `link`, if this account has just read it.
    pub(super) fn get(&self, account: &Arc<Account>, link: &str) -> Option<Arc<Resource>> {
        let seen = self.seen();
        let fresh = seen
            .as_ref()
            .filter(|seen| Instant::now() < seen.until && Arc::ptr_eq(&seen.by, account) && seen.system.link == link);
        fresh.map(|seen| Arc::clone(&seen.system))
    }

    pub(super) fn remember(&self, account: &Arc<Account>, system: &Arc<Resource>) {
        *self.seen() =
            Some(Seen { until: Instant::now() + MOMENT, by: Arc::clone(account), system: Arc::clone(system) });
    }

    pub(super) fn forget(&self) {
        *self.seen() = None;
    }

    fn seen(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").finish_non_exhaustive()
    }
}
