//! One value as it was found: its text, and where it stands.

use std::{fmt, path::PathBuf};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// Nobody set it, and this is why the default is what it is.
    Derived(&'static str),
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// An argument, such as `--debug`.
    CommandLine(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Derived(why) => write!(f, "default: {why}"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::CommandLine(argument) => write!(f, "command line {argument}"),
        }
    }
}

/// The text of a value and where it was set.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As it stands there, not yet interpolated.
    pub text: String,
    /// Where.
    pub origin: Origin,
}
