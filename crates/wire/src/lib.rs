//! What clients say: the types that go over the wire, and their conversion from and to the core.
//!
//! **Invariant:** nothing here knows the database or the HTTP server.
