//! Error bodies. The field's servers encode the JSON of an error twice, and every client copes.

use serde_json::{Value, json};

/// The body of an answer with an error status.
#[must_use]
pub fn body(status: u16, text: &str) -> Value {
    let faultcode = if status < 500 { "Client" } else { "Server" };
    wrap(&json!({"faultcode": faultcode, "faultstring": text, "debuginfo": null}))
}

/// The body of an error that no handler has seen: an unknown path or method, a refused version.
#[must_use]
pub fn router_body(status: u16, title: &str, description: &str) -> Value {
    wrap(&json!({"code": status, "title": title, "description": description}))
}

fn wrap(error: &Value) -> Value {
    json!({"error_message": error.to_string()})
}

/// The text inside an error body, for clients of this API and for tests.
#[must_use]
pub fn text(body: &Value) -> Option<String> {
    let inner: Value = serde_json::from_str(body.get("error_message")?.as_str()?).ok()?;
    let text = inner.get("faultstring").or_else(|| inner.get("description"))?;
    text.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_inside_is_json_again() {
        let body = body(404, "Node x could not be found.");
        assert_eq!(
            body["error_message"],
            r#"{"debuginfo":null,"faultcode":"Client","faultstring":"Node x could not be found."}"#
        );
        assert_eq!(text(&body).as_deref(), Some("Node x could not be found."));
    }
}
