//! What the receipt of an effect tells: the timeline's lines, and the power that the BMC shows now.

use super::{Effect, EndPower, Receipt};
use crate::power::PowerState;

/// Lines for the timeline, beside the one that says that the effect has ended.
pub(super) fn notes(receipt: &Receipt) -> Vec<String> {
    match receipt {
        Receipt::PortsCreated(count) if *count > 0 => vec![format!("{count} port(s) created")],
        Receipt::LeftoversRemoved(count) if *count > 0 => vec![format!("{count} port(s) of earlier runs removed")],
        Receipt::Validated(validation) => validation.left_out.clone(),
        Receipt::Processed { warnings } => warnings.clone(),
        Receipt::Overtaken => vec!["left as a client has set it since the end".to_owned()],
        Receipt::Vif(Some(vif)) => {
            let addresses: Vec<String> = vif.addresses.iter().map(ToString::to_string).collect();
            let addresses = if addresses.is_empty() { "no address".to_owned() } else { addresses.join(", ") };
            vec![format!("{} is on the inspection network: Neutron port {}, {addresses}", vif.mac, vif.id)]
        }
        _ => Vec::new(),
    }
}

/// What the BMC shows after the effect, as far as the effect tells.
pub(super) const fn power_after(effect: &Effect, receipt: &Receipt) -> Option<PowerState> {
    match (effect, receipt) {
        (_, Receipt::Before { power, .. }) => Some(*power),
        (_, Receipt::Overtaken) => None,
        (Effect::PowerOff | Effect::RestorePower { to: EndPower::Off }, _) => Some(PowerState::Off),
        (Effect::PowerOn { .. } | Effect::RestorePower { to: EndPower::Reboot }, _) => Some(PowerState::On),
        (Effect::SetPower { target }, _) => Some(target.end_state()),
        _ => None,
    }
}
