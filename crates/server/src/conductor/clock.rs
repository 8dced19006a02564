//! The time of runs. Conductors that share a database share its clock: a deadline that one sets is looked at by another, and what
//! may land late is looked for half a minute after an end that perhaps another has written. The clocks of their own machines,
//! which differ and jump, count for nothing.

use std::sync::{Mutex, PoisonError};

use assay_core::node::Timestamp;
use assay_store::meta;
use chrono::TimeDelta;
use tokio::time::{Duration, Instant};
use tracing::warn;

use super::Conductor;
use crate::api::conductor::ConductorError;

/// The database's clock, and when it was read. `None`: it is this machine's.
static READ: Mutex<Option<(Timestamp, Instant)>> = Mutex::new(None);

/// A reading that took longer says too little.
const QUICK: Duration = Duration::from_secs(1);

/// Now, by the clock that all conductors of the database share. The core never reads one; this is the one place of the
/// conductor that does.
pub(super) fn now() -> Timestamp {
    let read = *READ.lock().unwrap_or_else(PoisonError::into_inner);
    let passed = |since: Instant| TimeDelta::from_std(Instant::now() - since).unwrap_or_default();
    read.map_or_else(chrono::Utc::now, |(at, since)| at + passed(since))
}

impl Conductor {
    /// Sets this conductor's clock by that of the database, if it shares one.
    pub(super) async fn set_clock(&self) -> Result<(), ConductorError> {
        if !self.store().is_shared() {
            return Ok(());
        }
        let asked = Instant::now();
        let at = meta::clock(&self.store().read()).await?;
        let took = Instant::now() - asked;
        if took > QUICK {
            warn!("the database took {} ms to tell its time; the last reading stays", took.as_millis());
            return Ok(());
        }
        *READ.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, asked + took / 2));
        Ok(())
    }
}
