//! The `Range` header: one range of bytes; any other form is answered with the whole file, as
//! RFC 9110 §14.2 allows.

use std::ops::Range;

use axum::http::{HeaderMap, header};

/// A range as the client asks for it, before the file's length is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// From the first byte to the second, inclusive; to the end without a second.
    From(u64, Option<u64>),
    /// The last bytes, this many.
    Last(u64),
}

/// The range that a request asks for, if it asks for exactly one.
#[must_use]
pub fn requested(headers: &HeaderMap) -> Option<Part> {
    let (first, last) = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (first, last) {
        ("", last) => Some(Part::Last(number(last)?)),
        (first, "") => Some(Part::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Part::From(first, Some(last)))
        }
    }
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

impl Part {
    /// Whether the part begins where the file begins.
    #[must_use]
    pub fn from_start(self) -> bool {
        matches!(self, Self::From(0, _))
    }

    /// The bytes of a file of `len` bytes; `None` when the file has none of them.
    #[must_use]
    pub fn within(self, len: u64) -> Option<Range<u64>> {
        let bytes = match self {
            Self::From(first, last) => first..last.map_or(len, |last| last.saturating_add(1).min(len)),
            Self::Last(count) => len.saturating_sub(count)..len,
        };
        (bytes.start < bytes.end).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(value: &str, len: u64) -> Option<Option<Range<u64>>> {
        let headers = HeaderMap::from_iter([(header::RANGE, value.parse().unwrap())]);
        requested(&headers).map(|part| part.within(len))
    }

    #[test]
    fn one_range_is_cut_to_the_file() {
        assert_eq!(answer("bytes=0-9", 100), Some(Some(0..10)));
        assert_eq!(answer("bytes=90-", 100), Some(Some(90..100)));
        assert_eq!(answer("bytes=90-500", 100), Some(Some(90..100)));
        assert_eq!(answer("bytes=-10", 100), Some(Some(90..100)));
        assert_eq!(answer("bytes=-500", 100), Some(Some(0..100)));
        assert_eq!(answer("bytes=0-18446744073709551615", 100), Some(Some(0..100)));
    }

    #[test]
    fn a_range_beyond_the_file_can_not_be_satisfied() {
        assert_eq!(answer("bytes=100-", 100), Some(None));
        assert_eq!(answer("bytes=-0", 100), Some(None));
        assert_eq!(answer("bytes=0-", 0), Some(None));
    }

    #[test]
    fn any_other_form_means_the_whole_file() {
        for value in ["bytes=0-1,5-6", "bytes=9-1", "lines=1-2", "bytes=+1-2", "bytes=a-b", "bytes=-", "bytes=1"] {
            assert_eq!(answer(value, 100), None, "{value}");
        }
    }
}
