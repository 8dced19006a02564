//! The command line: reads the arguments, runs the verb, turns its end into an exit code.

pub mod args;
mod audit;
mod client;
mod config;
mod db;
mod doctor;
mod follow;
mod inspect;
#[cfg(feature = "simulate")]
mod simulate;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::{
    config::{Inputs, Loaded, paths::with_default_files},
    serve,
};
use args::{Cli, Command, ConfigArgs, Db};

/// How a verb ended, where it did not fail by an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Well,
    /// What was asked for has failed, or something was found.
    Failed,
    /// The service can't be reached, or time is over.
    Unreachable,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Well => Self::SUCCESS,
            Outcome::Failed => Self::from(1),
            Outcome::Unreachable => Self::from(3),
        }
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli.command, &mut io::stdout()) {
        Ok(outcome) => outcome.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "assay: {error:#}").ok();
            Outcome::Failed.into()
        }
    }
}

fn dispatch(command: &Command, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    match command {
        Command::Config(args) => config::show(args, out),
        Command::Inspect(args) => quick_runtime()?.block_on(inspect::run(args, out)),
        Command::Audit(args) => quick_runtime()?.block_on(audit::run(args, out)),
        #[cfg(feature = "simulate")]
        Command::Simulate(args) => Builder::new_multi_thread().enable_all().build()?.block_on(simulate::run(args, out)),
        Command::Doctor(args) => quick_runtime()?.block_on(doctor::run(args, out)),
        Command::Db(Db::Upgrade(args)) => quick_runtime()?.block_on(db::upgrade(args, out)),
        Command::Db(Db::Backup(args)) => quick_runtime()?.block_on(db::backup(args, out)),
        Command::Db(Db::Restore(args)) => quick_runtime()?.block_on(db::restore(args, out)),
        Command::Serve(args) => serve::run(&load(args)?).map(|()| Outcome::Well),
    }
}

/// Reads the configuration that `args` and the environment point to.
fn load(args: &ConfigArgs) -> anyhow::Result<Loaded> {
    let inputs = Inputs {
        files: args.config_file.clone(),
        folders: args.config_dir.clone(),
        debug: args.debug,
        variables: std::env::vars().collect(),
    };
    let home = std::env::var_os("HOME");
    crate::config::load(&with_default_files(inputs, home.as_deref().map(Path::new)))
        .context("the configuration can't be used")
}

/// The runtime of verbs that make one request after the other.
fn quick_runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Whether the reader of our output has gone, as in `assay config | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
