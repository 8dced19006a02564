//! What goes wrong with an effect, and when: by a script, or by chance.

use assay_core::run::Effect;
use rand::{Rng as _, rngs::StdRng};

use super::Moment;

/// What goes wrong with one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused; nothing was done.
    Refused,
    /// Done, and the answer was lost.
    AnswerLost,
    /// Nobody can tell; nothing was done.
    NotDone,
    /// The answer was lost, and it is done half a minute later.
    Late,
    /// No end within its limit; it is done.
    Hangs,
    /// The conductor dies before it sends.
    DiesBefore,
    /// The conductor dies when it is done, before that is committed.
    DiesAfter,
    /// The conductor dies once the outcome is committed.
    DiesAfterCommit,
    /// The conductor is frozen for longer than its lease before it sends.
    FreezesBefore,
    /// The same once it has sent.
    FreezesAfter,
    /// A client aborts meanwhile.
    Abort,
    /// A client deletes the node meanwhile.
    Delete,
    /// The database is away when the outcome is to be committed.
    NoDatabase,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Refused,
        Self::AnswerLost,
        Self::NotDone,
        Self::Late,
        Self::Hangs,
        Self::DiesBefore,
        Self::DiesAfter,
        Self::DiesAfterCommit,
        Self::FreezesBefore,
        Self::FreezesAfter,
        Self::Abort,
        Self::Delete,
        Self::NoDatabase,
    ];
}

/// Where the faults come from.
#[derive(Clone, Debug)]
pub enum Faults {
    /// The next so many times that this effect is sent.
    Script {
        /// [`Effect::name`].
        effect: &'static str,
        /// What.
        fault: Fault,
        /// How often.
        times: u32,
    },
    /// By chance, until this moment.
    Chance {
        /// In a thousand.
        rate: u32,
        /// Nothing goes wrong from here on.
        until: Moment,
    },
    /// Nothing.
    None,
}

impl Faults {
    /// What goes wrong with this effect, which is sent now.
    pub(super) fn meet(&mut self, effect: &Effect, now: Moment, random: &mut StdRng) -> Option<Fault> {
        match self {
            Self::Script { effect: name, fault, times } if *name == effect.name() && *times > 0 => {
                *times -= 1;
                Some(*fault)
            }
            Self::Chance { rate, until } if now < *until && random.random_range(0..1000) < *rate => {
                Some(Fault::ALL[random.random_range(0..Fault::ALL.len())])
            }
            _ => None,
        }
    }
}
