//! The arguments, as clap reads them; their comments are what `--help` teaches.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Inspect bare metal in-band, on an isolated network, and put everything back.
///
/// One binary that speaks Ironic's bare metal API, drives BMCs, boots the stock
/// ironic-python-agent ramdisk over its own DHCP, TFTP and HTTP servers, and stores what the
/// ramdisk found. It needs no configuration file to start.
#[derive(Debug, Parser)]
#[command(name = "assay", version, after_help = EXAMPLES, after_long_help = LONG_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  assay serve                        run the service, here and now
  assay doctor                       what is missing on this machine, and how to get it
  assay inspect NODE --watch         inspect a node and look on
  assay config | grep /etc/assay     what the files really set";

const LONG_HELP: &str = "\
Examples:
  assay serve                        run the service, here and now
  assay doctor                       what is missing on this machine, and how to get it
  assay inspect NODE --watch         inspect a node and look on
  assay config | grep /etc/assay     what the files really set

Options are oslo.config's: an ironic.conf is read as it is, and OS_<GROUP>__<OPTION> in the
environment overrides it (OS_CONDUCTOR__DEPLOY_KERNEL=file:///…). See docs/reference.md.

Exit codes:
  0  done; for `inspect`: the node is inspected; for `audit` and `doctor`: nothing to tell
  1  it failed; for `audit`: something is left behind; for `doctor`: something is missing
  2  the command line is wrong
  3  the service can't be reached, or didn't come to an end in time";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service: API, conductor, boot servers.
    ///
    /// Runs until SIGTERM or SIGINT, then brings what runs to a safe point and ends. Inspections
    /// that wait for a ramdisk go on when the service is started again.
    Serve(ConfigArgs),
    /// Show every option in force and where it was set.
    Config(ShowConfig),
    /// Look after the database.
    #[command(subcommand)]
    Db(Db),
    /// Inspect a node through the API, and look on.
    #[command(after_long_help = INSPECT_HELP)]
    Inspect(Inspect),
    /// Show what past inspections have left behind, asking BMCs and listeners, not only the database.
    Audit(Audit),
    /// Put a load of simulated machines on a service that runs on this machine, and tell what it made of them.
    ///
    /// The machines have a Redfish BMC and a ramdisk on the loopback: nothing but the service is real.
    /// Their nodes are enrolled, inspected all at the same time, and deleted again.
    #[cfg(feature = "simulate")]
    Simulate(Simulate),
    /// Check what this machine needs for the service: boot loaders, ports, addresses, permissions, images.
    Doctor(ConfigArgs),
}

const INSPECT_HELP: &str = "\
Examples:
  assay inspect rack1-07                       start, and come back at once
  assay inspect rack1-07 --watch               start, and show each phase until the end
  assay inspect rack1-07 --watch --no-start    look on at what `baremetal node inspect` started

Exit codes: 0 inspected, 1 failed (the node's last_error is shown), 3 API unreachable or --timeout over.";

/// Which configuration to read.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// A configuration file; may be repeated, and the later one wins.
    #[arg(long, value_name = "FILE")]
    pub config_file: Vec<PathBuf>,
    /// A folder whose *.conf files are read after the files.
    #[arg(long, value_name = "FOLDER")]
    pub config_dir: Vec<PathBuf>,
    /// Log more.
    #[arg(long)]
    pub debug: bool,
}

/// `assay config`.
#[derive(Debug, Args)]
pub struct ShowConfig {
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would show it")]
    pub config: ConfigArgs,
    /// Print the reference of all options, in Markdown, instead.
    #[arg(long)]
    pub reference: bool,
}

/// `assay db`.
#[derive(Debug, Subcommand)]
pub enum Db {
    /// Bring the database to this version's form, which `serve` asks for after an update.
    Upgrade(ConfigArgs),
    /// Write the whole database into one file, while conductors serve it; the key file is not in it
    Backup(BackupArgs),
    /// Fill an empty database, of any kind, with a backup; the key file has to be there
    Restore(BackupArgs),
}

/// A backup, and the database by its configuration.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The backup's file.
    pub file: PathBuf,
    /// Where the database is.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Where the API is.
#[derive(Debug, Args)]
pub struct ClientArgs {
    /// The bare metal API.
    #[arg(long, env = "OS_ENDPOINT", value_name = "URL", default_value = "http://127.0.0.1:6385")]
    pub url: String,
    /// The user, where the API asks for one; the password is read from OS_PASSWORD.
    #[arg(long, env = "OS_USERNAME", value_name = "NAME")]
    pub username: Option<String>,
}

/// `assay inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// The node's name or UUID.
    pub node: String,
    /// Show each phase as it comes, until the inspection has ended.
    #[arg(long)]
    pub watch: bool,
    /// Start nothing: look on at an inspection that was started otherwise.
    #[arg(long, requires = "watch")]
    pub no_start: bool,
    /// Stop looking on after so many seconds; the inspection itself goes on.
    #[arg(long, value_name = "SECONDS", default_value_t = 7200)]
    pub timeout: u64,
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap would show it")]
    pub client: ClientArgs,
}

/// `assay simulate`.
#[cfg(feature = "simulate")]
#[derive(Debug, Args)]
pub struct Simulate {
    /// How many machines.
    #[arg(value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub machines: u32,
    /// The bare metal API of the service.
    #[arg(long, env = "OS_ENDPOINT", value_name = "URL", default_value = "http://127.0.0.1:6385")]
    pub url: String,
    /// The boot listener of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub boot_url: String,
    /// How many seconds a ramdisk works before it posts.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub work: u64,
    /// How many seconds all of it may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub timeout: u64,
}

/// `assay audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// The operations listener of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9191")]
    pub url: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
