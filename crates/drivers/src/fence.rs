//! Until when a conductor may still send requests for a run that it owns.
//!
//! A lease stops the commits of an owner that was frozen for longer than it lasts, but not its requests: when it
//! goes on, the next one would be sent for a run that another owner has long ended. Each request is let through only
//! while the lease lasts for as long as the request may take.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;

tokio::task_local! {
    static FENCE: Fence;
}

/// The last moment at which a request may be sent; it moves with each renewal of the lease.
#[derive(Clone, Debug)]
pub struct Fence(Arc<Mutex<Instant>>);

impl Fence {
    /// Nothing is sent after `last`.
    #[must_use]
    pub fn at(last: Instant) -> Self {
        Self(Arc::new(Mutex::new(last)))
    }

    /// The lease was renewed.
    pub fn move_to(&self, last: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// Does `work`, whose requests are held back once the last moment has passed.
    pub async fn around<F: Future>(self, work: F) -> F::Output {
        FENCE.scope(self, work).await
    }

    fn has_passed(&self) -> bool {
        Instant::now() > *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request may be sent now: always, outside of [`Fence::around`].
///
/// # Errors
/// Why not, in words.
pub(crate) fn check() -> Result<(), &'static str> {
    if FENCE.try_with(Fence::has_passed).unwrap_or(false) {
        return Err("this conductor's lock on the node is too old: it was stopped for long, or the database was away");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::{self, Failure};

    #[tokio::test]
    async fn s5_requests_are_held_back_once_the_lease_is_too_short_for_them() {
        assert_eq!(check(), Ok(()), "nobody's request");
        let (past, future) = (Instant::now(), Instant::now() + Duration::from_secs(3600));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let fence = Fence::at(future);
        assert_eq!(fence.clone().around(async { check() }).await, Ok(()));
        fence.move_to(past);
        let request = reqwest::Client::new().get("http://127.0.0.1:9/");
        let held = fence.clone().around(http::exchange("test", request, false, future)).await.unwrap_err();
        assert!(matches!(&held, Failure::NotSent(why) if why.contains("lock on the node is too old")), "{held:?}");
        fence.move_to(future);
        assert_eq!(fence.around(async { check() }).await, Ok(()), "renewed");
    }
}
