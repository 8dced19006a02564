//! What an error comes from.

use std::error::Error;

/// The innermost cause: "Connection refused", not the layers that passed it on.
pub fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
