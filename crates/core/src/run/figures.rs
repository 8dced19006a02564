//! Every figure of time that the engine and its owner go by, in one place, so that tests can
//! shorten them all at once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The engine's figures of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The longest single request that changes the world.
    pub call: Duration,
    /// The longest effect, without what the configuration lets it wait for the BMC.
    pub effect: Duration,
    /// How long a claim lasts unless it is renewed.
    pub lease: Duration,
    /// How often a claim is renewed.
    pub renew: Duration,
    /// How long after its sending a request may still land: a run with such requests is looked at
    /// again this long after its end.
    pub late: Duration,
    /// The first pause before a failed undo is tried again; it doubles up to [`Figures::retry_most`].
    pub retry_first: Duration,
    /// The longest pause between two tries of an undo.
    pub retry_most: Duration,
    /// After a run has timed out, its undo has this long for its first effects and as long for all
    /// others; what has not ended by then is owed.
    pub undo: Duration,
    /// How long the answer to a callback may be held back.
    pub answer: Duration,
    /// How long after a run's end a repeated callback still gets the first answer.
    pub repeat: Duration,
    /// How often due runs are looked for.
    pub tick: Duration,
}

impl Figures {
    /// How long after the moment at which a lease was asked for a request may still be sent: what is sent has come to its end
    /// before the lease has, and a twelfth of it is left for the clocks of two machines to differ in speed.
    #[must_use]
    pub fn sending(&self) -> Duration {
        self.lease.saturating_sub(self.call).saturating_sub(self.lease / 12)
    }

    /// The same for a request that is sent without the node's lock, counted from its entry in the journal: another owner may end
    /// the run at once, and looks for what landed late [`Figures::late`] after.
    #[must_use]
    pub fn sending_unlocked(&self) -> Duration {
        self.late.saturating_sub(self.call)
    }
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            effect: Duration::from_secs(60),
            lease: Duration::from_secs(60),
            renew: Duration::from_secs(20),
            late: Duration::from_secs(35),
            retry_first: Duration::from_secs(5),
            retry_most: Duration::from_secs(300),
            undo: Duration::from_secs(30),
            answer: Duration::from_secs(20),
            repeat: Duration::from_secs(600),
            tick: Duration::from_millis(500),
        }
    }
}
