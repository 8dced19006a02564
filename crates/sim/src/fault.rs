//! What can go wrong at a BMC, and for which request.

use std::{sync::Mutex, time::Duration};

use serde_json::Value;

use crate::world::locked;

/// The requests that a BMC gets, as far as a test tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request {
    /// The service root.
    Root,
    /// Anything about sessions.
    Session,
    /// The collection of systems.
    Systems,
    /// A read of one system: power state and boot override.
    System,
    /// The NICs of a system.
    Interfaces,
    /// A write of the boot override.
    SetBoot,
    /// Reset to on.
    PowerOn,
    /// Reset to off, forced or not.
    PowerOff,
    /// Restart.
    Restart,
    /// What is none of these.
    Other,
}

impl Request {
    /// Tells what a request is from its parts.
    pub(crate) fn classify(method: &str, path: &str, body: &[u8]) -> Self {
        let parts: Vec<&str> = path.trim_matches('/').split('/').skip(2).collect();
        match (method, parts.as_slice()) {
            ("GET", []) => Self::Root,
            (_, ["SessionService", ..]) => Self::Session,
            ("GET", ["Systems"]) => Self::Systems,
            ("GET", ["Systems", _]) => Self::System,
            ("PATCH", ["Systems", _]) => Self::SetBoot,
            ("GET", ["Systems", _, "EthernetInterfaces", ..]) => Self::Interfaces,
            ("POST", ["Systems", _, "Actions", _]) => Self::of_reset(body),
            _ => Self::Other,
        }
    }

    fn of_reset(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match body["ResetType"].as_str() {
            Some("On" | "ForceOn") => Self::PowerOn,
            Some("ForceOff" | "GracefulShutdown") => Self::PowerOff,
            Some("ForceRestart" | "GracefulRestart" | "PowerCycle") => Self::Restart,
            _ => Self::Other,
        }
    }

    /// Whether the request changes something.
    #[must_use]
    pub const fn is_write(self) -> bool {
        matches!(self, Self::SetBoot | Self::PowerOn | Self::PowerOff | Self::Restart)
    }
}

/// How a request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this HTTP status; nothing is done.
    Refuse(u16),
    /// Done and answered, after this time.
    Slow(Duration),
    /// Never answered; nothing is done.
    Hang,
    /// Done, then the connection is cut before the answer.
    CutAfter,
    /// Answered with the other power state than the real one.
    LieAboutPower,
    /// Answered 200 with something that is not JSON; nothing is done.
    Garbage,
}

/// How often a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next so many times.
    Next(u32),
    /// Until the faults are cleared.
    Always,
}

struct Injection {
    machine: Option<usize>,
    request: Request,
    fault: Fault,
    times: Times,
}

/// The faults that are still to happen.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Injection>>);

impl Faults {
    /// Plans a fault for one machine, or for all.
    pub(crate) fn inject(&self, machine: Option<usize>, request: Request, fault: Fault, times: Times) {
        self.with(|planned| planned.push(Injection { machine, request, fault, times }));
    }

    /// Forgets all faults.
    pub(crate) fn clear(&self) {
        self.with(Vec::clear);
    }

    /// The fault that this request meets, and counts it.
    pub(crate) fn meet(&self, machine: Option<usize>, request: Request) -> Option<Fault> {
        self.with(|planned| {
            let at = planned
                .iter()
                .position(|it| it.request == request && (it.machine.is_none() || it.machine == machine))?;
            let fault = planned[at].fault;
            match &mut planned[at].times {
                Times::Always => {}
                Times::Next(left) if *left > 1 => *left -= 1,
                Times::Next(_) => drop(planned.remove(at)),
            }
            Some(fault)
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Injection>) -> T) -> T {
        act(&mut locked(&self.0))
    }
}
