//! How we lie to it: a fake world on real sockets, for tests, benchmarks and `assay simulate`.
//!
//! **Invariant:** production never needs it.
