//! What the lists have in common: filters by attribute, and `fields`.

use serde_json::{Map, Value};

use super::problem::Problem;

/// The parameters of a query, in their order.
pub(super) type Parameters = Vec<(String, String)>;

/// Parameters that are no filters.
const OTHERS: [&str; 6] = ["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir"];

/// Those of the items that match every filter, with the `fields` that were asked for. A filter that
/// is there several times means: one of them. `attributes` are those that can be filtered by.
pub(super) fn select(
    attributes: &[&str],
    items: impl IntoIterator<Item = Value>,
    query: &Parameters,
) -> Result<Value, Problem> {
    let unknown = |(name, _): &&(String, String)| !OTHERS.contains(&name.as_str()) && !attributes.contains(&&**name);
    if let Some((name, _)) = query.iter().find(unknown) {
        return Err(Problem::bad(format!("['{name}'] is invalid attribute for filtering")));
    }
    Ok(items.into_iter().filter(|item| matches(item, query)).map(|item| fields(item, query)).collect())
}

fn matches(item: &Value, query: &Parameters) -> bool {
    let filters = query.iter().filter(|(name, _)| !OTHERS.contains(&name.as_str()));
    filters.clone().all(|(name, _)| {
        let has = text(&item[name]);
        filters.clone().any(|(other, wanted)| other == name && *wanted == has)
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The item with the `fields` of the query, or with all when there are none.
pub(super) fn fields(item: Value, query: &Parameters) -> Value {
    let wanted: Vec<&str> = query.iter().filter(|(name, _)| name == "fields").map(|(_, field)| &**field).collect();
    match item {
        Value::Object(all) if !wanted.is_empty() => {
            Value::Object(all.into_iter().filter(|(name, _)| wanted.contains(&&**name)).collect::<Map<_, _>>())
        }
        item => item,
    }
}
