//! JSON values as the field's servers print them in error texts, which is Python's notation:
//! operators search for these texts and client test suites compare them. Secrets are masked: a
//! refused request must not repeat a password (promise S13).

use assay_core::secret::{MASK, is_secret_key};
use serde_json::Value;

/// The value in Python's notation; long values are cut so that an answer stays readable.
#[must_use]
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    if out.len() > MAX {
        let cut = (0..=MAX).rev().find(|&at| out.is_char_boundary(at)).unwrap_or(0);
        out.truncate(cut);
        out.push('…');
    }
    out
}

/// A text in Python's notation.
#[must_use]
pub fn repr_str(text: &str) -> String {
    let mut out = String::new();
    quote(text, &mut out);
    out
}

const MAX: usize = 1024;

fn write(value: &Value, out: &mut String) {
    if out.len() > MAX {
        return;
    }
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => quote(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                separate(index, out);
                quote(key, out);
                out.push_str(": ");
                if is_secret_key(key) { quote(MASK, out) } else { write(item, out) }
            }
            out.push('}');
        }
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}

fn quote(text: &str, out: &mut String) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(mark);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_look_as_python_prints_them() {
        for (value, expected) in [
            (json!({"op": "remove", "path": "/extra/zzz"}), "{'op': 'remove', 'path': '/extra/zzz'}"),
            (json!([null, true, false, 1, 1.5]), "[None, True, False, 1, 1.5]"),
            (json!({"ipmi_password": "p"}), "{'ipmi_password': '******'}"),
            (json!("it's"), "\"it's\""),
            (json!("a'b\"c\\\n"), r#"'a\'b"c\\\n'"#),
        ] {
            assert_eq!(repr(&value), expected);
        }
    }

    #[test]
    fn a_huge_value_is_cut() {
        assert!(repr(&json!("ä".repeat(100_000))).len() < MAX + 8);
        assert!(repr(&json!(vec!["ä"; 100_000])).len() < MAX + 8);
    }
}
