//! Root device hints: how an operator describes a disk, in the field's grammar.
//!
//! A hint is a value, or operators with values: `s== s!= s< s<= s> s>= <in> <or>` for texts, `= == != < <= > >=
//! <or> <range-in>` for the size in GiB, where `=` means "at least". Texts are compared without regard to case.

use serde_json::Value;

use crate::inventory::Disk;

/// The hints of one disk, all of which have to match.
#[derive(Clone, Debug)]
pub struct DeviceHints(Vec<Hint>);

/// The hints can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum HintError {
    #[error("root device hints are an object of hints, not {0}")]
    NotAnObject(String),
    #[error("The hints \"{name}\" are invalid. Valid hints are: \"{valid}\"")]
    Unknown { name: String, valid: String },
    #[error("Root device hint \"{name}\" is not {expected}. Current value: {value}")]
    Invalid { name: String, expected: &'static str, value: String },
}

#[derive(Clone, Debug)]
enum Hint {
    Text { attribute: fn(&Disk) -> &Option<String>, operator: TextOperator, values: Vec<String> },
    Size { operator: SizeOperator, values: Vec<f64> },
    Rotational(bool),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum TextOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SizeOperator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Range { from_inclusive: bool, to_inclusive: bool },
}

type Attribute = (&'static str, fn(&Disk) -> &Option<String>);

const ATTRIBUTES: [Attribute; 9] = [
    ("model", |disk| &disk.model),
    ("wwn", |disk| &disk.wwn),
    ("serial", |disk| &disk.serial),
    ("vendor", |disk| &disk.vendor),
    ("wwn_with_extension", |disk| &disk.wwn_with_extension),
    ("wwn_vendor_extension", |disk| &disk.wwn_vendor_extension),
    ("name", |disk| &disk.name),
    ("hctl", |disk| &disk.hctl),
    ("by_path", |disk| &disk.by_path),
];

/// The longer of two operators that begin alike comes first.
const TEXT_OPERATORS: [(&str, TextOperator); 8] = [
    ("s==", TextOperator::Equal),
    ("s!=", TextOperator::NotEqual),
    ("s<=", TextOperator::LessOrEqual),
    ("s>=", TextOperator::GreaterOrEqual),
    ("s<", TextOperator::Less),
    ("s>", TextOperator::Greater),
    ("<in>", TextOperator::Contains),
    ("<or>", TextOperator::Equal),
];

const SIZE_OPERATORS: [(&str, SizeOperator); 8] = [
    ("<or>", SizeOperator::Equal),
    ("==", SizeOperator::Equal),
    ("!=", SizeOperator::NotEqual),
    ("<=", SizeOperator::LessOrEqual),
    (">=", SizeOperator::GreaterOrEqual),
    ("<", SizeOperator::Less),
    (">", SizeOperator::Greater),
    ("=", SizeOperator::GreaterOrEqual),
];

const GIB: f64 = (1_u64 << 30) as f64;

impl DeviceHints {
    /// Reads `properties.root_device`, or one item of `properties.skip_block_devices`.
    ///
    /// # Errors
    /// [`HintError`] names the hint and what it should be.
    pub fn parse(hints: &Value) -> Result<Self, HintError> {
        let object = hints.as_object().ok_or_else(|| HintError::NotAnObject(hints.to_string()))?;
        object.iter().map(|(name, value)| parse_hint(name, value)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether every hint matches the disk.
    #[must_use]
    pub fn match_disk(&self, disk: &Disk) -> bool {
        self.0.iter().all(|hint| match hint {
            Hint::Text { attribute, operator, values } => match attribute(disk) {
                Some(text) => match_text(*operator, &text.to_lowercase(), values),
                None => *operator == TextOperator::NotEqual,
            },
            Hint::Size { operator, values } => {
                disk.size.is_some_and(|bytes| match_size(*operator, bytes as f64 / GIB, values))
            }
            Hint::Rotational(rotational) => disk.rotational == Some(*rotational),
        })
    }
}

fn match_text(operator: TextOperator, text: &str, values: &[String]) -> bool {
    values.iter().any(|value| match operator {
        TextOperator::Equal => text == value,
        TextOperator::NotEqual => text != value,
        TextOperator::Less => text < value.as_str(),
        TextOperator::LessOrEqual => text <= value.as_str(),
        TextOperator::Greater => text > value.as_str(),
        TextOperator::GreaterOrEqual => text >= value.as_str(),
        TextOperator::Contains => text.contains(value.as_str()),
    })
}

fn match_size(operator: SizeOperator, size: f64, values: &[f64]) -> bool {
    match (operator, values) {
        (SizeOperator::Range { from_inclusive, to_inclusive }, [from, to]) => {
            (size > *from || (from_inclusive && size == *from)) && (size < *to || (to_inclusive && size == *to))
        }
        _ => values.iter().any(|value| match operator {
            SizeOperator::Equal => size == *value,
            SizeOperator::NotEqual => size != *value,
            SizeOperator::Less => size < *value,
            SizeOperator::LessOrEqual => size <= *value,
            SizeOperator::Greater => size > *value,
            SizeOperator::GreaterOrEqual => size >= *value,
            SizeOperator::Range { .. } => false,
        }),
    }
}

fn parse_hint(name: &str, value: &Value) -> Result<Hint, HintError> {
    let invalid = |expected| HintError::Invalid { name: name.to_owned(), expected, value: value.to_string() };
    match (name, ATTRIBUTES.into_iter().find(|(known, _)| *known == name)) {
        ("size", _) => parse_size(value).ok_or_else(|| invalid("a positive integer, nor operators with such")),
        ("rotational", _) => parse_flag(value).map(Hint::Rotational).ok_or_else(|| invalid("a Boolean value")),
        (_, Some((_, attribute))) => {
            let text = value.as_str().ok_or_else(|| invalid("a string value"))?.trim().to_lowercase();
            let (operator, values) = split(&text, &TEXT_OPERATORS, TextOperator::Equal);
            if values.iter().any(String::is_empty) {
                return Err(invalid("complete: a value is empty"));
            }
            if values.iter().any(|value| value.starts_with(['=', '!', '<', '>'])) {
                return Err(invalid("made of operators for texts, which are s== s!= s< s<= s> s>= <in> <or>"));
            }
            Ok(Hint::Text { attribute, operator, values })
        }
        (_, None) => Err(HintError::Unknown { name: name.to_owned(), valid: valid_names() }),
    }
}

fn valid_names() -> String {
    let texts = ATTRIBUTES.iter().map(|(name, _)| *name);
    ["size", "rotational"].into_iter().chain(texts).collect::<Vec<_>>().join(", ")
}

/// The operator that the expression begins with, and the values between its occurrences.
fn split<T: Copy>(expression: &str, operators: &[(&str, T)], default: T) -> (T, Vec<String>) {
    match operators.iter().find(|(token, _)| expression.starts_with(token)) {
        Some((token, operator)) => {
            (*operator, expression.split(token).skip(1).map(|value| value.trim().to_owned()).collect())
        }
        None => (default, vec![expression.to_owned()]),
    }
}

fn parse_size(value: &Value) -> Option<Hint> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_lowercase(),
        _ => return None,
    };
    if let Some(range) = text.strip_prefix("<range-in>") {
        return parse_range(range);
    }
    let (operator, values) = split(&text, &SIZE_OPERATORS, SizeOperator::Equal);
    let values = values.iter().map(|value| positive(value)).collect::<Option<_>>()?;
    Some(Hint::Size { operator, values })
}

/// `[ 10 20 ]`, with `(` and `)` for bounds that are excluded.
fn parse_range(text: &str) -> Option<Hint> {
    let words: Vec<_> = text.split_whitespace().collect();
    let [open @ ("[" | "("), from, to, close @ ("]" | ")")] = words[..] else { return None };
    let values = vec![positive(from)?, positive(to)?];
    Some(Hint::Size {
        operator: SizeOperator::Range { from_inclusive: open == "[", to_inclusive: close == "]" },
        values,
    })
}

fn positive(text: &str) -> Option<f64> {
    text.parse::<u32>().ok().filter(|number| *number > 0).map(f64::from)
}

fn parse_flag(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Bool(flag) => return Some(*flag),
        Value::String(text) => text.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    match text.as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Some(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn disk() -> Disk {
        Disk {
            name: Some("/dev/sda".to_owned()),
            model: Some("SAMSUNG MZ7LH3T8".to_owned()),
            size: Some(480 << 30),
            rotational: Some(false),
            serial: Some("S456NY0M5".to_owned()),
            hctl: Some("0:0:0:0".to_owned()),
            ..Disk::default()
        }
    }

    #[test]
    fn hints_match_as_the_field_has_them() {
        for (hints, matches) in [
            (json!({}), true),
            (json!({"name": "/dev/sda"}), true),
            (json!({"name": "s== /dev/sdb"}), false),
            (json!({"model": " samsung mz7lh3t8 "}), true),
            (json!({"model": "<in> MZ7"}), true),
            (json!({"model": "<or> intel <or> Samsung MZ7LH3T8"}), true),
            (json!({"serial": "s!= x"}), true),
            (json!({"serial": "s>= s456"}), true),
            (json!({"serial": "s< s456"}), false),
            (json!({"wwn": "s!= 0x5"}), true),
            (json!({"wwn": "0x5"}), false),
            (json!({"hctl": "0:0:0:0", "rotational": "no"}), true),
            (json!({"rotational": true}), false),
            (json!({"size": 480}), true),
            (json!({"size": "= 100"}), true),
            (json!({"size": "== 100"}), false),
            (json!({"size": "> 480"}), false),
            (json!({"size": ">=480", "model": "intel"}), false),
            (json!({"size": "<or> 200 <or> 480"}), true),
            (json!({"size": "!= 480"}), false),
            (json!({"size": "<range-in> [ 480 500 ]"}), true),
            (json!({"size": "<range-in> ( 480 500 ]"}), false),
        ] {
            assert_eq!(DeviceHints::parse(&hints).unwrap().match_disk(&disk()), matches, "{hints}");
        }
    }

    #[test]
    fn what_is_not_known_of_a_disk_matches_only_not_equal() {
        for hints in [json!({"size": "> 1"}), json!({"rotational": false}), json!({"model": "<in> a"})] {
            assert!(!DeviceHints::parse(&hints).unwrap().match_disk(&Disk::default()), "{hints}");
        }
    }

    #[test]
    fn bad_hints_are_named() {
        for (hints, text) in [
            (json!({"color": "red"}), "The hints \"color\" are invalid. Valid hints are: \"size, rotational, model"),
            (json!({"size": "big"}), "Root device hint \"size\" is not a positive integer"),
            (json!({"size": 0}), "Root device hint \"size\" is not a positive integer"),
            (json!({"size": "<range-in> 10 20"}), "Root device hint \"size\" is not a positive integer"),
            (json!({"rotational": "maybe"}), "is not a Boolean value. Current value: \"maybe\""),
            (json!({"model": 5}), "is not a string value"),
            (json!({"model": " "}), "is not complete"),
            (json!({"model": "<in>"}), "is not complete"),
            (json!({"serial": "== 5"}), "is not made of operators for texts"),
            (json!({"serial": "<all-in> a b"}), "is not made of operators for texts"),
            (json!("/dev/sda"), "not \"/dev/sda\""),
        ] {
            let error = DeviceHints::parse(&hints).unwrap_err().to_string();
            assert!(error.contains(text), "{hints}: {error}");
        }
    }
}
