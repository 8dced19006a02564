//! Who runs it: configuration, command line, conductor, listeners. No rule of the game is here.

pub mod cli;
pub mod config;
pub mod logging;
pub mod metrics;
