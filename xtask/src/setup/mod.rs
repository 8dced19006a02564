//! The set-up of a fresh Debian 12 machine: packages, Python tools, images. A second run finds all of it and does nothing.

pub mod debian;
pub mod python;
pub mod root;

use anyhow::Result;

use crate::images;
use crate::project::Project;

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
