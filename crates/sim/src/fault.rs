//! What can go wrong with a request to a fake service, and how often.

use std::{sync::Mutex, time::Duration};

use crate::world::locked;

/// How a request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this HTTP status, in the service's own words; nothing is done.
    Refuse(u16),
    /// Answered with this HTTP status and a page for humans, as by a proxy in front; nothing is done.
    ErrorPage(u16),
    /// Answered 200 with something that is not JSON; nothing is done.
    Garbage,
    /// Done and answered, after this time. It is done when the client gives up, too.
    Slow(Duration),
    /// Never answered; nothing is done.
    Hang,
    /// Done, then the connection is cut before the answer.
    CutAfter,
    /// Done, then the connection is cut in the middle of the answer's body.
    CutBody,
    /// The connection is cut at once, and it is done this much later.
    Late(Duration),
    /// Answered with the other power state than the real one; of a BMC.
    LieAboutPower,
}

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next so many times.
    Next(u32),
    /// Until the faults are cleared.
    Always,
}

struct Injection<K> {
    planned: K,
    fault: Fault,
    times: Times,
}

/// The faults that are still to happen, each with what it is planned for.
pub(crate) struct Faults<K>(Mutex<Vec<Injection<K>>>);

impl<K> Default for Faults<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K> Faults<K> {
    /// Plans a fault.
    pub(crate) fn inject(&self, planned: K, fault: Fault, times: Times) {
        locked(&self.0).push(Injection { planned, fault, times });
    }

    /// Forgets all faults.
    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// The first fault that is planned for this request, and counts it.
    pub(crate) fn meet(&self, concerns: impl Fn(&K) -> bool) -> Option<Fault> {
        let mut all = locked(&self.0);
        let at = all.iter().position(|it| concerns(&it.planned))?;
        let fault = all[at].fault;
        match &mut all[at].times {
            Times::Always => {}
            Times::Next(left) if *left > 1 => *left -= 1,
            Times::Next(_) => drop(all.remove(at)),
        }
        Some(fault)
    }
}
