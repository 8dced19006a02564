//! The tasks of the project: set-up, demo, tests, lab, benchmark. `cargo xtask` alone lists them.

mod command;
mod images;
mod interrupt;
mod lab;
mod project;
mod setup;
mod stamp;
mod ui;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::lab::machine::Machine;
use crate::project::Project;
use crate::setup::root;

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
    /// Bring the real-machine lab up, or take it down
    Lab {
        #[command(subcommand)]
        verb: LabVerb,
    },
}

#[derive(Debug, Subcommand)]
enum LabVerb {
    /// Bring a lab up and let it stay: a BIOS machine and a UEFI machine with Redfish BMCs
    Up,
    /// Take every lab down that is not in use
    Down,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
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
        Verb::Lab { verb } => {
            root::become_root(&project)?;
            lab_verb(&project, &verb)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn lab_verb(project: &Project, verb: &LabVerb) -> Result<()> {
    match verb {
        LabVerb::Up => {
            setup::everything(project)?;
            let machines =
                vec![Machine::large(1, lab::machine::Firmware::Bios), Machine::large(2, lab::machine::Firmware::Uefi)];
            let lab = ui::step("switch, machines, BMCs", || lab::Lab::up(project, machines))?;
            ui::say(&lab.guide());
            lab.keep()
        }
        LabVerb::Down => {
            let count = lab::take_down(true)?;
            ui::say(&format!("{count} lab(s) taken down"));
            Ok(())
        }
    }
}
