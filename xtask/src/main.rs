//! The tasks of the project: set-up, demo, tests, lab, benchmark.

fn main() {}
