//! The `fake` inspect interface: ends at once and finds nothing.

use crate::interface::{InspectInterface, InspectKind};

/// An inspection that boots nothing.
pub struct FakeInspect;

impl InspectInterface for FakeInspect {
    fn kind(&self) -> InspectKind {
        InspectKind::Immediate
    }
}
