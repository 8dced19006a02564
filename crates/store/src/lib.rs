//! Where it is kept: one function per query, each taking a connection.
//!
//! **Invariant:** no transaction is open across anything that is not SQL.
