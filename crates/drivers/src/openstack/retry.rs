//! When a call that failed is sent again.

use std::{future::Future, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use super::{error::CallError, settings::Settings};

/// When a call that failed may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Doing it twice is doing it once: when nothing was sent, when the answer was lost, after 429 and 5xx.
    Idempotent,
    /// Doing it twice would be wrong: when the service was certainly not asked.
    IfNotSent,
}

impl Retry {
    const fn allows(self, error: &CallError) -> bool {
        error.is_transient() && (matches!(self, Self::Idempotent) || error.was_not_sent())
    }
}

/// How often a call may still be repeated, and after which pauses.
pub struct Tries {
    connect: usize,
    status: usize,
    pauses: ExponentialBackoff,
}

impl From<&Settings> for Tries {
    fn from(settings: &Settings) -> Self {
        let (connect, status) = (settings.connect_retries, settings.status_code_retries);
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(connect + status)
            .with_jitter();
        Self { connect, status, pauses: pauses.build() }
    }
}

impl Tries {
    /// Tries until it is done, until it fails for good, or until `deadline`.
    pub async fn run<T, F>(mut self, retry: Retry, deadline: Instant, once: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut in_doubt = false;
        loop {
            let error = match once().await {
                Ok(done) => return Ok(done),
                Err(error) => CallError { in_doubt, ..error },
            };
            in_doubt = error.may_have_landed();
            match self.pause_after(&error).filter(|_| retry.allows(&error)) {
                Some(pause) if Instant::now() + pause < deadline => {
                    tracing::debug!(%error, "it is tried again");
                    sleep(pause).await;
                }
                _ => return Err(error),
            }
        }
    }

    fn pause_after(&mut self, error: &CallError) -> Option<Duration> {
        let left = if error.status().is_some() { &mut self.status } else { &mut self.connect };
        *left = left.checked_sub(1)?;
        self.pauses.next()
    }
}
