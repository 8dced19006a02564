//! Query arguments: each is taken by the one who knows it, and what is left over is refused.

use std::collections::BTreeSet;

use assay_core::microversion::Microversion;
use uuid::Uuid;

use crate::{refusal::Refusal, value};

/// The decoded arguments of a request.
#[derive(Clone, Debug, Default)]
pub struct Arguments(pub Vec<(String, String)>);

impl Arguments {
    /// Takes an argument out; of several with one name, the first counts.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// Takes a truth value.
    ///
    /// # Errors
    /// Refused when it is none.
    pub fn take_boolean(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        self.take(name).map(|text| value::boolean(name, &text)).transpose()
    }

    /// Takes a UUID.
    ///
    /// # Errors
    /// Refused when it is none.
    pub fn take_uuid(&mut self, name: &str) -> Result<Option<Uuid>, Refusal> {
        self.take(name).map(|text| value::uuid(name, &text)).transpose()
    }

    /// Refuses arguments that `since` does not know (400) or that are too new (406).
    ///
    /// # Errors
    /// As above.
    pub fn check(&self, version: Microversion, since: impl Fn(&str) -> Option<u16>) -> Result<(), Refusal> {
        let unknown: BTreeSet<&str> =
            self.0.iter().map(|(key, _)| key.as_str()).filter(|key| since(key).is_none()).collect();
        if !unknown.is_empty() {
            let list = unknown.into_iter().collect::<Vec<_>>().join(", ");
            return Err(Refusal::Invalid(format!("Unexpected arguments: {list}")));
        }
        if self.0.iter().filter_map(|(key, _)| since(key)).any(|since| !version.has(since)) {
            return Err(Refusal::NotAcceptable);
        }
        Ok(())
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many objects.
    pub limit: usize,
    /// The object after which the page starts.
    pub marker: Option<Uuid>,
    /// The field to sort by; `id` is the order of creation.
    pub sort_key: String,
    /// Whether the greatest comes first.
    pub descending: bool,
}

impl Page {
    /// Takes the four arguments of paging.
    ///
    /// # Errors
    /// Refused when one of them is wrong.
    pub fn take(arguments: &mut Arguments, max_limit: usize) -> Result<Self, Refusal> {
        let limit = arguments.take("limit").map_or(Ok(max_limit), |text| limit(&text, max_limit))?;
        let marker = arguments.take_uuid("marker")?;
        let sort_key = arguments.take("sort_key").unwrap_or_else(|| "id".to_owned());
        let descending = match arguments.take("sort_dir").as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(other) => {
                return Err(Refusal::Invalid(format!(
                    "Invalid sort direction: {other}. Acceptable values are 'asc' or 'desc'"
                )));
            }
        };
        Ok(Self { limit, marker, sort_key, descending })
    }

    /// The sort key as `parse` knows it.
    ///
    /// # Errors
    /// Refused when it does not.
    pub fn sort<K>(&self, parse: impl Fn(&str) -> Option<K>) -> Result<K, Refusal> {
        parse(&self.sort_key).ok_or_else(|| {
            Refusal::Invalid(format!("The sort_key value \"{}\" is an invalid field for sorting", self.sort_key))
        })
    }

    /// The address of the page after this one, if there may be one: when as many objects came as
    /// were asked for. `kept` are the other arguments of the request.
    #[must_use]
    pub fn next(&self, url: &str, kept: &[(String, String)], count: usize, last: Option<Uuid>) -> Option<String> {
        let last = last.filter(|_| count == self.limit)?;
        let direction = if self.descending { "desc" } else { "asc" };
        let mut next = format!("{url}?sort_key={}&sort_dir={direction}", self.sort_key);
        for (key, value) in kept {
            next.push_str(&format!("&{key}={}", percent_encoded(value)));
        }
        next.push_str(&format!("&limit={}&marker={last}", self.limit));
        Some(next)
    }
}

fn limit(text: &str, max: usize) -> Result<usize, Refusal> {
    match text.trim().parse::<i64>() {
        Err(_) => Err(Refusal::Invalid(format!("Expected an integer for limit: {text}"))),
        Ok(..=0) => Err(Refusal::Invalid("Limit must be positive".to_owned())),
        Ok(count) => Ok(usize::try_from(count).unwrap_or(max).min(max)),
    }
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(pairs: &[(&str, &str)]) -> Arguments {
        Arguments(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    fn page(pairs: &[(&str, &str)]) -> Result<Page, String> {
        let page = Page::take(&mut arguments(pairs), 1000).map_err(|refusal| refusal.to_string())?;
        page.sort(|key| ["id", "name"].contains(&key).then_some(())).map_err(|refusal| refusal.to_string())?;
        Ok(page)
    }

    #[test]
    fn a_wrong_page_is_refused_in_the_words_of_the_field() {
        for (pairs, text) in [
            ([("limit", "x")], "Expected an integer for limit: x"),
            ([("limit", "-1")], "Limit must be positive"),
            ([("limit", "0")], "Limit must be positive"),
            ([("marker", "x")], "Expected UUID for marker: x"),
            ([("sort_key", "bogus")], "The sort_key value \"bogus\" is an invalid field for sorting"),
            ([("sort_dir", "up")], "Invalid sort direction: up. Acceptable values are 'asc' or 'desc'"),
        ] {
            assert_eq!(page(&pairs), Err(text.to_owned()));
        }
    }

    #[test]
    fn a_limit_over_the_maximum_is_capped() {
        assert_eq!(page(&[("limit", "99999999999999")]).unwrap().limit, 1000);
        assert_eq!(page(&[]).unwrap().limit, 1000);
    }

    #[test]
    fn a_full_page_links_to_the_next_with_all_filters_kept() {
        let page = page(&[("limit", "1"), ("sort_key", "name"), ("sort_dir", "desc")]).unwrap();
        let kept = [("owner".to_owned(), "a b&c".to_owned())];
        let last = Uuid::nil();
        assert_eq!(
            page.next("http://h/v1/nodes", &kept, 1, Some(last)).unwrap(),
            format!("http://h/v1/nodes?sort_key=name&sort_dir=desc&owner=a%20b%26c&limit=1&marker={last}")
        );
        assert_eq!(page.next("http://h/v1/nodes", &kept, 0, None), None);
    }

    #[test]
    fn unknown_arguments_are_named_and_young_ones_not_acceptable() {
        let since = |key: &str| (key == "shard").then_some(82);
        let refusal = arguments(&[("b", "1"), ("a", "1"), ("shard", "s")]).check(Microversion::MIN, since);
        assert_eq!(refusal, Err(Refusal::Invalid("Unexpected arguments: a, b".to_owned())));
        assert_eq!(arguments(&[("shard", "s")]).check(Microversion::MIN, since), Err(Refusal::NotAcceptable));
        assert_eq!(arguments(&[("shard", "s")]).check(Microversion::MAX, since), Ok(()));
    }
}
