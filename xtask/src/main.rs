//! The tasks of the project: set-up, demo, tests, lab, benchmark. `cargo xtask` alone lists them.

mod assay;
mod bench;
mod client;
mod command;
mod demo;
mod fuzz;
mod images;
mod interrupt;
mod judge;
mod lab;
mod project;
mod setup;
mod soak;
mod stamp;
mod test;
mod ui;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::lab::Lab;
use crate::lab::machine::{Firmware, Machine};
use crate::lab::neutron::Stack;
use crate::project::Project;
use crate::setup::root;
use crate::soak::Soak;
use crate::test::Group;

/// The tasks of the Assay project
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install and build all that the lab needs: Debian and PyPI packages, kernel, ramdisks
    Setup,
    /// Inspect one emulated machine with the stock ironic-python-agent, live
    Demo,
    /// Run every check with its own set-up, or only some groups
    Test {
        /// The groups to run; none: all
        groups: Vec<Group>,
        /// Name the groups and their checks
        #[arg(long)]
        list: bool,
        /// Only the checks whose name has this in it
        #[arg(long, value_name = "WORD")]
        only: Option<String>,
    },
    /// Format, clippy, documentation and the project's own rules; the same as `test lint`
    Lint,
    /// Bring the real-machine lab up, or take it down
    Lab {
        #[command(subcommand)]
        verb: LabVerb,
    },
    /// Measure the release build in a simulated fleet, as a table
    Bench {
        /// Measure a real Ironic in the same run, as the peer; needs root, and must come first
        #[arg(long)]
        ironic: bool,
        /// Arguments of the benchmark; `cargo xtask bench -- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Play the run engine for long: random events, or whole worlds under virtual time
    Soak {
        #[command(subcommand)]
        what: Soak,
    },
    /// Fuzz what strangers can send: bodies, packets, names, files
    Fuzz {
        /// Only this target
        target: Option<String>,
        /// For how long each
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Ask Assay and a real Ironic the same, and show what they answer differently
    Judge,
}

#[derive(Debug, Subcommand)]
enum LabVerb {
    /// Bring a lab up and let it stay: a BIOS machine and a UEFI machine with Redfish BMCs
    Up {
        /// With a real Keystone and Neutron, which move the machines' switch ports
        #[arg(long)]
        neutron: bool,
    },
    /// Take every lab down that is not in use
    Down,
}

/// What a shell gives for a program that a Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(_) if interrupt::asked() => {
            ui::say("  interrupted: nothing that was started is left");
            ExitCode::from(INTERRUPTED)
        }
        Err(error) => {
            ui::say(&format!("\n{} {error:#}", ui::paint("31", "error:")));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    let Some(verb) = cli.verb else {
        ui::say(&Cli::command().render_help().to_string());
        return Ok(ExitCode::SUCCESS);
    };
    interrupt::listen()?;
    let project = Project::find()?;
    match verb {
        Verb::Setup => {
            root::become_root(&project)?;
            setup::everything(&project)?;
        }
        Verb::Demo => {
            root::become_root(&project)?;
            demo::run(&project)?;
        }
        Verb::Test { list: true, .. } => test::list(),
        Verb::Test { groups, only, .. } => {
            root::become_root(&project)?;
            return test::run(&project, &groups, only.as_deref());
        }
        Verb::Lint => return test::run(&project, &[Group::Lint], None),
        Verb::Lab { verb } => {
            root::become_root(&project)?;
            lab_verb(&project, &verb)?;
        }
        Verb::Judge => {
            root::become_root(&project)?;
            judge::run(&project)?;
        }
        Verb::Soak { what } => soak::run(&project, &what)?,
        Verb::Fuzz { target, seconds } => fuzz::run(&project, target.as_deref(), seconds)?,
        Verb::Bench { ironic: false, arguments } => bench::run(&project, &arguments)?,
        Verb::Bench { ironic: true, arguments } => {
            root::become_root(&project)?;
            bench::run_beside_ironic(&project, &arguments)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn lab_verb(project: &Project, verb: &LabVerb) -> Result<()> {
    match verb {
        LabVerb::Up { neutron } => {
            setup::everything(project)?;
            if *neutron {
                setup::neutron(project)?;
            }
            let machines = vec![Machine::large(1, Firmware::Bios), Machine::large(2, Firmware::Uefi)];
            let lab = ui::step("switch, machines, BMCs", || Lab::up(project, machines))?;
            let cloud = match neutron {
                true => ui::step("Keystone, Neutron, agents", || Stack::up(project, &lab))?.guide(),
                false => String::new(),
            };
            ui::say(&format!("{}{cloud}", lab.guide()));
            lab.keep()
        }
        LabVerb::Down => {
            let count = lab::take_down(true)?;
            ui::say(&format!("{count} lab(s) taken down"));
            Ok(())
        }
    }
}
