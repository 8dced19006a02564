//! Limits that hold before anything is parsed (promise S10).
//!
//! **Invariant:** [`check`] reads each byte once, does not recurse and allocates nothing; whatever
//! `serde_json` accepts within the limits, it accepts as well.

use serde_json::Value;

/// How much of a JSON text is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The text's length in bytes.
    pub bytes: usize,
    /// How deep objects and lists may be nested; more than [`DEEPEST`] is read as that.
    pub depth: usize,
    /// How many values there may be. A parsed object takes some 640 bytes where its text takes
    /// eight, so that a limit on bytes alone would not bound the memory.
    pub values: usize,
}

impl Limits {
    /// What a ramdisk may post: upstream's size and depth.
    pub const RAMDISK: Self = Self { bytes: 16 << 20, depth: 25, values: 64_000 };
    /// What a client of the API may send: upstream's size and depth.
    pub const API: Self = Self { bytes: 1 << 20, depth: 25, values: 8_000 };
}

/// The depth that no limit can exceed: open brackets are remembered as the bits of one number, and
/// `serde_json` goes as deep.
pub const DEEPEST: usize = 127;

/// Why a text was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each field is named in the variant's text")]
pub enum LimitError {
    #[error("the body has {found} bytes; at most {limit} are accepted")]
    TooLarge { found: usize, limit: usize },
    #[error("the body is nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("the body holds more than {limit} values")]
    TooMany { limit: usize },
    #[error("the body is not UTF-8 at byte {at}")]
    NotUtf8 { at: usize },
    #[error("the body is not JSON: {why}")]
    NotJson { why: String },
}

/// Parses a JSON text that is within `limits`.
///
/// # Errors
/// [`LimitError`]: the limits are checked first, over the bytes.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, LimitError> {
    check(bytes, limits)?;
    parse_checked(bytes)
}

/// Parses a JSON text that has passed [`check`].
///
/// # Errors
/// [`LimitError::NotJson`].
pub fn parse_checked(bytes: &[u8]) -> Result<Value, LimitError> {
    serde_json::from_slice(bytes).map_err(|error| LimitError::NotJson { why: error.to_string() })
}

/// Refuses a text that exceeds `limits` or can't be JSON, without parsing it.
///
/// # Errors
/// [`LimitError`].
pub fn check(bytes: &[u8], limits: &Limits) -> Result<(), LimitError> {
    if bytes.len() > limits.bytes {
        return Err(LimitError::TooLarge { found: bytes.len(), limit: limits.bytes });
    }
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(LimitError::NotUtf8 { at: error.valid_up_to() });
    }
    let (mut scanner, mut at) = (Scanner { limits, depth: 0, objects: 0, values: 1 }, 0);
    while let Some(&byte) = bytes.get(at) {
        at = if byte == b'"' { end_of_string(bytes, at + 1)? } else { scanner.step(at, byte)? };
    }
    if scanner.depth > 0 { Err(too_early()) } else { Ok(()) }
}

/// Where it goes on after the string that begins at `at`. Most of a ramdisk's post are long strings, its logs.
fn end_of_string(bytes: &[u8], mut at: usize) -> Result<usize, LimitError> {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    loop {
        let rest = bytes.get(at..).ok_or_else(too_early)?;
        at += rest.iter().position(special).ok_or_else(too_early)?;
        match bytes[at] {
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            control => return Err(unexpected(at, control)),
        }
    }
}

struct Scanner<'a> {
    limits: &'a Limits,
    depth: usize,
    /// One bit for each open bracket, the innermost lowest: set for an object.
    objects: u128,
    values: usize,
}

impl Scanner<'_> {
    /// A byte outside of strings; where it goes on.
    fn step(&mut self, at: usize, byte: u8) -> Result<usize, LimitError> {
        match byte {
            b'{' | b'[' => self.open(byte == b'{')?,
            b'}' | b']' => self.close(at, byte == b'}')?,
            b',' => self.count()?,
            b':' | b' ' | b'\t' | b'\n' | b'\r' => {}
            b'a'..=b'z' | b'0'..=b'9' | b'E' | b'+' | b'-' | b'.' => {}
            _ => return Err(unexpected(at, byte)),
        }
        Ok(at + 1)
    }

    fn open(&mut self, object: bool) -> Result<(), LimitError> {
        let limit = self.limits.depth.min(DEEPEST);
        if self.depth >= limit {
            return Err(LimitError::TooDeep { limit });
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        self.count()
    }

    fn close(&mut self, at: usize, object: bool) -> Result<(), LimitError> {
        if self.depth == 0 || (self.objects & 1 == 1) != object {
            return Err(unexpected(at, if object { b'}' } else { b']' }));
        }
        self.depth -= 1;
        self.objects >>= 1;
        Ok(())
    }

    /// Every value but the first follows a comma or an opening bracket.
    fn count(&mut self) -> Result<(), LimitError> {
        self.values += 1;
        if self.values > self.limits.values {
            return Err(LimitError::TooMany { limit: self.limits.values });
        }
        Ok(())
    }
}

fn too_early() -> LimitError {
    LimitError::NotJson { why: "it ends too early".to_owned() }
}

fn unexpected(at: usize, byte: u8) -> LimitError {
    LimitError::NotJson { why: format!("unexpected {:?} at byte {at}", char::from(byte)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: Limits = Limits { bytes: 64, depth: 3, values: 6 };

    #[test]
    fn s10_each_limit_refuses_the_first_text_beyond_it() {
        let at_size = format!("\"{}\"", "x".repeat(62));
        for text in [at_size.as_str(), "[[[]]]", "{\"a\":{\"b\":{}}}", "[1,2,3,4,5]", "\"[[[[[[\"", "\"\\\"[[[[\""] {
            assert_eq!(check(text.as_bytes(), &SMALL), Ok(()), "{text}");
        }
        let over_size = format!("{at_size} ");
        for (text, error) in [
            (over_size.as_str(), LimitError::TooLarge { found: 65, limit: 64 }),
            ("[[[[]]]]", LimitError::TooDeep { limit: 3 }),
            ("[1,2,3,4,5,6]", LimitError::TooMany { limit: 6 }),
        ] {
            assert_eq!(check(text.as_bytes(), &SMALL), Err(error), "{text}");
        }
        assert_eq!(check(b"\"\xff\"", &SMALL), Err(LimitError::NotUtf8 { at: 1 }));
    }

    #[test]
    fn s10_what_cannot_be_json_is_refused_before_it_is_parsed() {
        for text in ["[}", "]", "{", "\"", "\"\\", "\"\n\"", "<x>", "\u{feff}{}", "{'a': 1}", "\"a\u{0}\""] {
            assert!(matches!(check(text.as_bytes(), &SMALL), Err(LimitError::NotJson { .. })), "{text:?}");
        }
    }

    #[test]
    fn s10_sixteen_mebibytes_of_brackets_are_refused_at_once() {
        let bytes = vec![b'['; 16 << 20];
        assert_eq!(check(&bytes, &Limits::RAMDISK), Err(LimitError::TooDeep { limit: 25 }));
        let unlimited = Limits { bytes: usize::MAX, depth: usize::MAX, values: usize::MAX };
        assert_eq!(check(&bytes, &unlimited), Err(LimitError::TooDeep { limit: DEEPEST }));
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn s10_no_bytes_panic_and_a_refusal_agrees_with_the_parser(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..80),
                proptest::collection::vec(proptest::sample::select(b"[]{}\",:\\ \n01e-.truefalsn".as_slice()), 0..60),
            ],
        ) {
            let limits = Limits { bytes: 1000, depth: 5, values: 1000 };
            match serde_json::from_slice::<Value>(&bytes) {
                Ok(value) if depth(&value) <= limits.depth => {
                    prop_assert_eq!(check(&bytes, &limits), Ok(()));
                    prop_assert_eq!(parse(&bytes, &limits), Ok(value));
                }
                Ok(_) => prop_assert_eq!(check(&bytes, &limits), Err(LimitError::TooDeep { limit: limits.depth })),
                Err(_) => prop_assert!(parse(&bytes, &limits).is_err()),
            }
        }
    }
}
