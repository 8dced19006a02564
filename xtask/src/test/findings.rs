//! What a scenario found: each expectation counts, and one that fails does not hide the next.

use anyhow::Result;

use super::Counts;
use crate::ui;

/// The expectations of a scenario so far.
#[derive(Debug, Default)]
pub struct Findings {
    /// Met and unmet.
    pub counts: Counts,
}

impl Findings {
    /// Expects that this holds.
    pub fn expect(&mut self, what: &str, holds: bool) {
        if holds {
            self.counts.passed += 1;
        } else {
            self.counts.failed += 1;
            ui::say(&format!("    failed: {what}"));
        }
    }

    /// Expects this value.
    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: &T, expected: &T) {
        let holds = found == expected;
        self.expect(&if holds { what.to_owned() } else { format!("{what} is {found:?}, not {expected:?}") }, holds);
    }

    /// Expects that this works.
    pub fn works<T>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.counts.passed += 1;
                Some(value)
            }
            Err(error) => {
                self.expect(&format!("{what}: {error:#}"), false);
                None
            }
        }
    }
}
