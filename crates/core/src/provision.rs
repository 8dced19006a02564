//! The provision state machine: states, events, and which event leads from where to where.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::power::named;

named! {
    /// A node's provision state. All of the field's names are known, since clients filter by them;
    /// [`transition`] says which of them are reached here.
    ProvisionState {
        /// Known, not verified: where a new node starts.
        Enroll = "enroll",
        /// The BMC's address and credentials are being tried.
        Verifying = "verifying",
        /// Verified; may be inspected.
        Manageable = "manageable",
        /// A worker prepares the inspection, or works on what the ramdisk sent.
        Inspecting = "inspecting",
        /// Waits for the ramdisk.
        InspectWait = "inspect wait",
        /// `last_error` says why.
        InspectFailed = "inspect failed",
        /// Ready to be scheduled.
        Available = "available",
        /// Only passed through, as there is no automated cleaning.
        Cleaning = "cleaning",
        /// Not reached.
        CleanWait = "clean wait",
        /// Not reached.
        CleanFailed = "clean failed",
        /// Not reached.
        CleanHold = "clean hold",
        /// Marks a machine in use as `active` without touching it.
        Adopting = "adopting",
        /// Adoption was refused.
        AdoptFailed = "adopt failed",
        /// In use.
        Active = "active",
        /// Not reached.
        Deploying = "deploying",
        /// Not reached.
        DeployWait = "wait call-back",
        /// Not reached.
        DeployFailed = "deploy failed",
        /// Not reached.
        DeployHold = "deploy hold",
        /// Not reached.
        Deleting = "deleting",
        /// Not reached.
        Deleted = "deleted",
        /// Not reached.
        Error = "error",
        /// Not reached.
        Rebuild = "rebuild",
        /// Not reached.
        Rescue = "rescue",
        /// Not reached.
        Rescuing = "rescuing",
        /// Not reached.
        RescueWait = "rescue wait",
        /// Not reached.
        RescueFailed = "rescue failed",
        /// Not reached.
        Unrescuing = "unrescuing",
        /// Not reached.
        UnrescueFailed = "unrescue failed",
        /// Not reached.
        Servicing = "servicing",
        /// Not reached.
        ServiceWait = "service wait",
        /// Not reached.
        ServiceFailed = "service failed",
        /// Not reached.
        ServiceHold = "service hold",
    }
}

impl ProvisionState {
    /// A state in which a node rests without anything going on.
    #[must_use]
    pub const fn is_stable(self) -> bool {
        matches!(self, Self::Enroll | Self::Manageable | Self::Available | Self::Active | Self::Error | Self::Rescue)
    }

    /// The state that a node on its way through this one aims at.
    #[must_use]
    pub const fn default_target(self) -> Option<Self> {
        match self {
            Self::Verifying | Self::Inspecting | Self::InspectWait | Self::InspectFailed => Some(Self::Manageable),
            Self::Cleaning | Self::CleanWait | Self::CleanFailed => Some(Self::Available),
            Self::Adopting | Self::AdoptFailed => Some(Self::Active),
            _ => None,
        }
    }

    /// Whether a node may be changed although a target state is set.
    #[must_use]
    pub const fn allows_update_in_transition(self) -> bool {
        matches!(
            self,
            Self::DeployFailed
                | Self::Inspecting
                | Self::InspectFailed
                | Self::InspectWait
                | Self::CleanFailed
                | Self::Error
                | Self::Verifying
                | Self::AdoptFailed
                | Self::RescueFailed
                | Self::UnrescueFailed
                | Self::ServiceFailed
                | Self::ServiceWait
                | Self::ServiceHold
        )
    }
}

named! {
    /// What a client can ask for with `PUT states/provision`.
    Verb {
        /// Verify the node, or take it out of the schedulable ones.
        Manage = "manage",
        /// Make it schedulable.
        Provide = "provide",
        /// Inspect it.
        Inspect = "inspect",
        /// Stop what waits.
        Abort = "abort",
        /// Mark a machine in use as active.
        Adopt = "adopt",
        /// Manual cleaning; not served.
        Clean = "clean",
        /// Deployment; not served.
        Active = "active",
        /// Deployment by its other name; not served.
        Deploy = "deploy",
        /// Deployment again; not served.
        Rebuild = "rebuild",
        /// Undeployment; not served.
        Deleted = "deleted",
        /// Undeployment by its other name; not served.
        Undeploy = "undeploy",
        /// Rescue; not served.
        Rescue = "rescue",
        /// End of a rescue; not served.
        Unrescue = "unrescue",
        /// Service steps; not served.
        Service = "service",
        /// Leave a hold; not served.
        Unhold = "unhold",
    }
}

named! {
    /// What moves a node from one provision state to the next.
    ProvisionEvent {
        /// A client's `manage`.
        Manage = "manage",
        /// What went on ended well.
        Done = "done",
        /// What went on failed.
        Fail = "fail",
        /// A client's `inspect`.
        Inspect = "inspect",
        /// Wait for the ramdisk.
        Wait = "wait",
        /// The ramdisk has called.
        Resume = "resume",
        /// A client's `abort`.
        Abort = "abort",
        /// A client's `provide`.
        Provide = "provide",
        /// A client's `adopt`.
        Adopt = "adopt",
    }
}

impl Verb {
    /// The event that the verb stands for; `None` for verbs that are not served.
    #[must_use]
    pub const fn event(self) -> Option<ProvisionEvent> {
        match self {
            Self::Manage => Some(ProvisionEvent::Manage),
            Self::Provide => Some(ProvisionEvent::Provide),
            Self::Inspect => Some(ProvisionEvent::Inspect),
            Self::Abort => Some(ProvisionEvent::Abort),
            Self::Adopt => Some(ProvisionEvent::Adopt),
            _ => None,
        }
    }
}

/// Where `event` leads from `from`; `None` when it is not allowed there and must change nothing.
#[must_use]
pub const fn transition(from: ProvisionState, event: ProvisionEvent) -> Option<ProvisionState> {
    use ProvisionEvent as E;
    use ProvisionState as S;
    Some(match (from, event) {
        (S::Enroll, E::Manage) => S::Verifying,
        (S::Available | S::CleanFailed | S::InspectFailed | S::AdoptFailed, E::Manage)
        | (S::Verifying | S::Inspecting | S::InspectWait, E::Done) => S::Manageable,
        (S::Verifying, E::Fail) => S::Enroll,
        (S::Manageable | S::InspectFailed, E::Inspect) | (S::InspectWait, E::Resume) => S::Inspecting,
        (S::Inspecting, E::Wait) => S::InspectWait,
        (S::Inspecting | S::InspectWait, E::Fail) | (S::InspectWait, E::Abort) => S::InspectFailed,
        (S::Manageable, E::Provide) => S::Cleaning,
        (S::Cleaning, E::Done) => S::Available,
        (S::Cleaning, E::Fail) => S::CleanFailed,
        (S::Manageable | S::AdoptFailed, E::Adopt) => S::Adopting,
        (S::Adopting, E::Done) => S::Active,
        (S::Adopting, E::Fail) => S::AdoptFailed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ProvisionEvent as E;
    use ProvisionState as S;

    #[test]
    fn each_state_accepts_the_events_of_the_field_and_no_other() {
        let allowed: Vec<(S, E, S)> = S::ALL
            .iter()
            .flat_map(|&from| E::ALL.iter().filter_map(move |&event| Some((from, event, transition(from, event)?))))
            .collect();
        assert_eq!(
            allowed,
            [
                (S::Enroll, E::Manage, S::Verifying),
                (S::Verifying, E::Done, S::Manageable),
                (S::Verifying, E::Fail, S::Enroll),
                (S::Manageable, E::Inspect, S::Inspecting),
                (S::Manageable, E::Provide, S::Cleaning),
                (S::Manageable, E::Adopt, S::Adopting),
                (S::Inspecting, E::Done, S::Manageable),
                (S::Inspecting, E::Fail, S::InspectFailed),
                (S::Inspecting, E::Wait, S::InspectWait),
                (S::InspectWait, E::Done, S::Manageable),
                (S::InspectWait, E::Fail, S::InspectFailed),
                (S::InspectWait, E::Resume, S::Inspecting),
                (S::InspectWait, E::Abort, S::InspectFailed),
                (S::InspectFailed, E::Manage, S::Manageable),
                (S::InspectFailed, E::Inspect, S::Inspecting),
                (S::Available, E::Manage, S::Manageable),
                (S::Cleaning, E::Done, S::Available),
                (S::Cleaning, E::Fail, S::CleanFailed),
                (S::CleanFailed, E::Manage, S::Manageable),
                (S::Adopting, E::Done, S::Active),
                (S::Adopting, E::Fail, S::AdoptFailed),
                (S::AdoptFailed, E::Manage, S::Manageable),
                (S::AdoptFailed, E::Adopt, S::Adopting),
            ]
        );
    }
}
