//! Times in the database: microseconds since 1970 in UTC, a type that all databases sort alike.

use assay_core::node::Timestamp;
use chrono::DateTime;

/// The stored form.
pub fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// Back from the stored form; a figure beyond the calendar becomes 1970, which no caller writes.
pub fn timestamp(micros: i64) -> Timestamp {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
