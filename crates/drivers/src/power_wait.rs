//! Waiting until a BMC shows the power state that was asked for.

use std::time::Duration;

use assay_core::power::PowerState;
use tokio::time::{Instant, sleep};

use crate::error::DriverError;

/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A wait for a power state, with its deadline.
pub struct PowerWait {
    bmc: String,
    wanted: PowerState,
    patience: Duration,
    /// When it is over.
    pub deadline: Instant,
    pause: Duration,
}

impl PowerWait {
    /// Begins to wait now; `bmc` names who is looked at.
    pub fn begin(bmc: String, wanted: PowerState, patience: Duration) -> Self {
        Self { bmc, wanted, patience, deadline: Instant::now() + patience, pause: Duration::from_millis(100) }
    }

    /// Lets the time until the next look pass, since what was `seen` is not what is wanted.
    ///
    /// # Errors
    /// Time is over; the request for the power state may still be carried out.
    pub async fn next(&mut self, seen: Result<PowerState, DriverError>) -> Result<(), DriverError> {
        if Instant::now() + self.pause > self.deadline {
            let seen = seen.map_or_else(|error| error.to_string(), |state| format!("it shows {state}"));
            let (bmc, wanted, seconds) = (&self.bmc, self.wanted, self.patience.as_secs_f32());
            return Err(DriverError::Bmc(format!("{bmc}: waited {seconds} s for {wanted}, in vain: {seen}")).maybe());
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
