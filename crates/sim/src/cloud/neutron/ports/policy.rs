//! Who may do what with a port: Neutron's default policy.

use super::port::Values;
use crate::cloud::neutron::{caller::Caller, problem::Problem};

/// The attributes that have a rule of their own, in the order in which a refusal names them.
const RULES: [&str; 7] = [
    "mac_address",
    "fixed_ips",
    "device_id",
    "device_owner",
    "binding:vnic_type",
    "binding:host_id",
    "binding:profile",
];

/// Whether the caller may create a port with these attributes. `binding`: whether anybody may bind
/// it in the same request.
pub(super) fn may_create(caller: &Caller, values: &Values, binding: bool) -> Result<(), Problem> {
    check("create_port", caller, values, |attribute| match attribute {
        "binding:profile" => binding && caller.is("service"),
        "binding:host_id" => binding && caller.sees_all(),
        _ => true,
    })
}

/// Whether the caller may change these attributes of a port.
pub(super) fn may_change(caller: &Caller, values: &Values) -> Result<(), Problem> {
    check("update_port", caller, values, |attribute| match attribute {
        "binding:profile" => caller.is("service"),
        "binding:host_id" | "mac_address" => caller.sees_all(),
        _ => true,
    })
}

/// Whether the caller may delete a port that it sees.
pub(super) fn may_delete(caller: &Caller) -> Result<(), Problem> {
    check("delete_port", caller, &Values::new(), |_| true)
}

fn check(action: &str, caller: &Caller, values: &Values, may: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let given: Vec<&str> = RULES.into_iter().filter(|name| values.contains_key(*name)).collect();
    if caller.writes() && given.iter().all(|name| may(name)) {
        return Ok(());
    }
    let rules = given.iter().map(|name| format!("{action}:{name}"));
    Err(Problem::denied(&std::iter::once(action.to_owned()).chain(rules).collect::<Vec<_>>()))
}
