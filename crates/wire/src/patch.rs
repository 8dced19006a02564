//! JSON patch as the bare metal API takes it: `add`, `replace` and `remove` on plain paths, applied
//! one at a time so that an error names its operation.

use assay_core::{
    microversion::Microversion,
    secret::{MASK, is_secret_key},
};
use json_patch::{PatchOperation, patch_unsafe};
use serde_json::{Map, Value, json};

use crate::{fields::Field, refusal::Refusal, repr::repr};

/// One operation, checked against the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    kind: &'static str,
    path: String,
    given: Value,
}

impl Operation {
    /// The attribute of the whole object that is changed, or something inside it.
    #[must_use]
    pub fn root(&self) -> &str {
        self.path[1..].split('/').next().unwrap_or_default()
    }

    fn is_at_root(&self) -> bool {
        self.path.matches('/').count() == 1
    }

    fn refused(&self, reason: impl std::fmt::Display) -> Refusal {
        let mut shown = self.given.clone();
        if self.path.split('/').any(is_secret_key)
            && let Some(value) = shown.get_mut("value")
        {
            *value = MASK.into();
        }
        Refusal::Invalid(format!("Couldn't apply patch '{}'. Reason: {reason}", repr(&shown)))
    }
}

/// Reads a patch.
///
/// # Errors
/// Refused when it is not a list of operations, or one of them has a wrong key, kind or path.
pub fn parse(body: &Value) -> Result<Vec<Operation>, Refusal> {
    let Value::Array(items) = body else {
        return Err(schema(format_args!("{} is not of type 'array'", repr(body))));
    };
    items.iter().map(parse_operation).collect()
}

fn schema(problem: impl std::fmt::Display) -> Refusal {
    Refusal::schema("patch", problem)
}

fn parse_operation(item: &Value) -> Result<Operation, Refusal> {
    let Value::Object(map) = item else {
        return Err(schema(format_args!("{} is not of type 'object'", repr(item))));
    };
    crate::value::only_known_keys("patch", map, |key| matches!(key, "op" | "path" | "value"))?;
    let op = required(map, "op")?;
    let Some(kind) = ["add", "replace", "remove"].into_iter().find(|kind| op == *kind) else {
        return Err(schema(format_args!("{} is not one of ['add', 'replace', 'remove']", repr(op))));
    };
    let path = required(map, "path")?;
    let Some(path) = path.as_str() else {
        return Err(schema(format_args!("{} is not of type 'string'", repr(path))));
    };
    if !is_plain_path(path) {
        return Err(schema(format_args!("{} does not match '^(/[\\\\w-]+)+$'", repr(&json!(path)))));
    }
    let operation = Operation { kind, path: path.to_owned(), given: item.clone() };
    if kind != "remove" && !map.contains_key("value") {
        return Err(operation.refused("The operation does not contain a 'value' member"));
    }
    Ok(operation)
}

fn required<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a Value, Refusal> {
    map.get(key).ok_or_else(|| schema(format_args!("'{key}' is a required property")))
}

/// One or more names of word characters and hyphens, each after a slash.
fn is_plain_path(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("")
        && path.len() > 1
        && parts.all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-'))
}

/// An object's document as `operations` change it, of which the fields `settable` can be changed.
///
/// # Errors
/// Refused when an operation can't be applied, or touches what the version does not have or what
/// can't be written.
pub fn changed<F: Field>(
    document: Value,
    operations: &[Operation],
    settable: &[F],
    version: Microversion,
) -> Result<Value, Refusal> {
    check_roots(operations, settable.iter().map(|field| field.name()))?;
    let young = |operation: &Operation| F::named(operation.root()).is_some_and(|field| !version.has(field.since()));
    if operations.iter().any(young) {
        return Err(Refusal::NotAcceptable);
    }
    apply(document, operations)
}

/// Refuses operations outside of the attributes that can be changed, listing those.
fn check_roots<'a>(
    operations: &[Operation],
    mut allowed: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), Refusal> {
    for operation in operations {
        if !allowed.clone().any(|root| root == operation.root()) {
            let list = allowed.by_ref().collect::<Vec<_>>().join(", ");
            return Err(Refusal::Invalid(format!(
                "Cannot patch {}. Only the following can be updated: {list}",
                operation.path
            )));
        }
    }
    Ok(())
}

/// Applies the operations in their order. What they removed at the root is absent afterwards: the
/// caller reads it as the default.
fn apply(mut document: Value, operations: &[Operation]) -> Result<Value, Refusal> {
    for operation in operations {
        if operation.kind == "add" && operation.is_at_root() && document.pointer(&operation.path).is_none() {
            return Err(operation.refused(format_args!(
                "Adding a new attribute ({}) to the root of the resource is not allowed",
                operation.path
            )));
        }
        let typed: PatchOperation =
            serde_json::from_value(operation.given.clone()).map_err(|error| operation.refused(error))?;
        patch_unsafe(&mut document, &[typed]).map_err(|_| operation.refused(reason(&document, operation)))?;
    }
    Ok(document)
}

fn reason(document: &Value, operation: &Operation) -> String {
    let (parent, name) = operation.path.rsplit_once('/').unwrap_or_default();
    match document.pointer(parent) {
        None => format!("the object at '{parent}' does not exist"),
        Some(Value::Object(_)) => format!("can't {} a non-existent object '{name}'", operation.kind),
        Some(Value::Array(_)) => format!("can't {} outside of the list: '{name}'", operation.kind),
        Some(_) => format!("'{parent}' is neither an object nor a list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(document: Value, patch: &Value) -> Result<Value, String> {
        let operations = parse(patch).map_err(|e| e.to_string())?;
        check_roots(&operations, ["extra", "name"].into_iter()).map_err(|e| e.to_string())?;
        apply(document, &operations).map_err(|e| e.to_string())
    }

    #[test]
    fn operations_are_applied_in_their_order() {
        let changed = change(
            json!({"extra": {"l": [1]}, "name": "n"}),
            &json!([
                {"op": "add", "path": "/extra/a", "value": {"b": 1}},
                {"op": "replace", "path": "/extra/a/b", "value": 2},
                {"op": "add", "path": "/extra/l/-", "value": 2},
                {"op": "remove", "path": "/name"},
            ]),
        );
        assert_eq!(changed, Ok(json!({"extra": {"a": {"b": 2}, "l": [1, 2]}})));
    }

    #[test]
    fn s13_a_refused_patch_does_not_repeat_a_password() {
        for value in [json!("hunter2"), json!({"ipmi_password": "hunter2"})] {
            let patch = json!([{"op": "add", "path": "/extra/x/ipmi_password", "value": value}]);
            let refusal = change(json!({"extra": {}}), &patch).unwrap_err();
            assert!(refusal.contains("'value': '******'"), "{refusal}");
        }
    }

    #[test]
    fn a_patch_that_can_not_be_applied_is_refused_naming_its_operation() {
        for (patch, text) in [
            (json!({"op": "add"}), "Schema error for patch: {'op': 'add'} is not of type 'array'"),
            (
                json!([{"op": "bogus", "path": "/extra/a"}]),
                "Schema error for patch: 'bogus' is not one of ['add', 'replace', 'remove']",
            ),
            (
                json!([{"op": "move", "path": "/extra/a", "from": "/extra/b"}]),
                "Schema error for patch: Additional properties are not allowed ('from' was unexpected)",
            ),
            (json!([{"op": "add"}]), "Schema error for patch: 'path' is a required property"),
            (
                json!([{"op": "remove", "path": "extra"}]),
                "Schema error for patch: 'extra' does not match '^(/[\\\\w-]+)+$'",
            ),
            (
                json!([{"op": "remove", "path": "/extra//a"}]),
                "Schema error for patch: '/extra//a' does not match '^(/[\\\\w-]+)+$'",
            ),
            (
                json!([{"op": "remove", "path": "/extra/a~1b"}]),
                "Schema error for patch: '/extra/a~1b' does not match '^(/[\\\\w-]+)+$'",
            ),
            (
                json!([{"op": "replace", "path": "/uuid", "value": 1}]),
                "Cannot patch /uuid. Only the following can be updated: extra, name",
            ),
            (
                json!([{"op": "remove", "path": "/extra/zzz"}]),
                "Couldn't apply patch '{'op': 'remove', 'path': '/extra/zzz'}'. \
                 Reason: can't remove a non-existent object 'zzz'",
            ),
            (
                json!([{"op": "add", "path": "/extra/a"}]),
                "Couldn't apply patch '{'op': 'add', 'path': '/extra/a'}'. \
                 Reason: The operation does not contain a 'value' member",
            ),
            (
                json!([{"op": "add", "path": "/extra/x/y", "value": 1}]),
                "Couldn't apply patch '{'op': 'add', 'path': '/extra/x/y', 'value': 1}'. \
                 Reason: the object at '/extra/x' does not exist",
            ),
            (
                json!([{"op": "remove", "path": "/name"}, {"op": "add", "path": "/name", "value": "x"}]),
                "Couldn't apply patch '{'op': 'add', 'path': '/name', 'value': 'x'}'. \
                 Reason: Adding a new attribute (/name) to the root of the resource is not allowed",
            ),
        ] {
            assert_eq!(change(json!({"extra": {"a": 1}, "name": "n"}), &patch), Err(text.to_owned()));
        }
    }
}
