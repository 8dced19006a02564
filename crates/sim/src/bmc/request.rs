//! The requests that a BMC gets, as far as a test tells them apart.

use serde_json::Value;

/// What a BMC is asked.
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
    /// A disc is put into the virtual drive.
    InsertMedia,
    /// It is taken out.
    EjectMedia,
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
            ("POST", ["Systems", _, "VirtualMedia", "Cd", "Actions", "VirtualMedia.InsertMedia"]) => Self::InsertMedia,
            ("POST", ["Systems", _, "VirtualMedia", "Cd", "Actions", "VirtualMedia.EjectMedia"]) => Self::EjectMedia,
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
        matches!(
            self,
            Self::SetBoot | Self::PowerOn | Self::PowerOff | Self::Restart | Self::InsertMedia | Self::EjectMedia
        )
    }
}
