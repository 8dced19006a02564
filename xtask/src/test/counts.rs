//! How many tests passed and failed, read from what `cargo test` prints.

use std::ops::{Add, AddAssign};

/// Passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed, or that nobody runs.
    pub failed: usize,
}

impl Add for Counts {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Reads the closing lines of all test binaries in the output of `cargo test`. Ignored tests are failures, except those of the
/// `elsewhere` binaries (by source path, such as `tests/redfish`), which another group runs.
pub fn of_cargo_test(output: &str, elsewhere: &[&str]) -> Counts {
    let mut counts = Counts::default();
    let mut binary = "";
    for line in output.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("Running ").or_else(|| line.strip_prefix("Doc-tests ")) {
            binary = name;
        }
        if let Some(closing) = line.strip_prefix("test result: ") {
            counts.passed += number_before(closing, " passed");
            counts.failed += number_before(closing, " failed");
            if !elsewhere.iter().any(|path| binary.contains(path)) {
                counts.failed += number_before(closing, " ignored");
            }
        }
    }
    counts
}

fn number_before(line: &str, word: &str) -> usize {
    let Some(end) = line.find(word) else { return 0 };
    line[..end].split_whitespace().last().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
     Running unittests src/lib.rs (target/debug/deps/assay_core-1)
test result: ok. 120 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
     Running tests/redfish/main.rs (target/debug/deps/redfish-2)
test result: FAILED. 2 passed; 1 failed; 9 ignored; 0 measured; 0 filtered out; finished in 1.00s
   Doc-tests assay_core
test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.00s
";

    #[test]
    fn every_binary_counts_and_an_ignored_test_that_nobody_runs_fails() {
        assert_eq!(of_cargo_test(OUTPUT, &["tests/redfish"]), Counts { passed: 123, failed: 3 });
        assert_eq!(of_cargo_test(OUTPUT, &[]), Counts { passed: 123, failed: 12 });
    }

    #[test]
    fn no_output_is_no_test() {
        assert_eq!(of_cargo_test("error: could not compile", &[]), Counts::default());
    }
}
