//! Who runs it: configuration, command line, conductor, listeners. No rule of the game is here.

pub mod api;
pub mod audit;
pub mod boot;
pub mod cli;
pub mod conductor;
pub mod config;
pub mod doctor;
pub mod introspection;
pub mod listen;
pub mod logging;
pub mod metrics;
pub mod ops;
pub mod parts;
pub mod pause;
pub mod serve;
pub mod sockets;
pub mod tasks;
