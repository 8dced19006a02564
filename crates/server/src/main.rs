//! The `assay` binary: who runs it all.

fn main() {}
