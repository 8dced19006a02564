//! The set-up of a fresh Debian 12 machine: packages, Python tools, images. A second run finds all of it and does nothing.

pub mod debian;
pub mod python;
pub mod root;

use std::thread;

use anyhow::{Result, bail};

use crate::images;
use crate::project::Project;

/// Installs what Keystone and Neutron need; packages and PyPI side by side, since both wait for the network.
pub fn neutron(project: &Project) -> Result<()> {
    let _alone = project.lock()?;
    thread::scope(|scope| {
        let packages = scope.spawn(|| debian::install(project, debian::NEUTRON));
        let environment = python::neutron(project).map(drop);
        environment.and(packages.join().unwrap_or_else(|_| bail!("the thread of the packages died")))
    })
}

/// Installs the database servers that the store is tested on.
pub fn databases(project: &Project) -> Result<()> {
    let _alone = project.lock()?;
    debian::install(project, debian::DATABASES)
}

/// Installs what the tests that kill the binary watch it with.
pub fn crash(project: &Project) -> Result<()> {
    let _alone = project.lock()?;
    debian::install(project, debian::CRASH)
}

/// Installs and builds all that the lab, the demo and the tests need.
pub fn everything(project: &Project) -> Result<()> {
    let _alone = project.lock()?;
    debian::install(project, debian::LAB)?;
    python::bmc_tools(project)?;
    python::stock_clients(project)?;
    images::tiny(project)?;
    images::ipa(project)?;
    Ok(())
}
