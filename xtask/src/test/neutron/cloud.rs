//! What all scenarios share: the lab, its cloud, and Assay, which each starts anew with the options that it is about.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::assay;
use crate::command;
use crate::images::{self, Image};
use crate::interrupt::wait_for;
use crate::lab::Lab;
use crate::lab::neutron::proxy::{PROXY, Proxy};
use crate::lab::neutron::{IDENTITY, INSPECTION_NETWORK, PASSWORD, PROJECT, REGION, Stack, USER};
use crate::project::Project;

/// Options of `assay serve`, as its environment has them.
pub type Options<'o> = &'o [(&'o str, &'o str)];

/// How Assay finds Neutron. Its own leases are others than Neutron's, so that an address tells who gave it.
const OPTIONS: Options = &[
    ("OS_NEUTRON__AUTH_TYPE", "password"),
    ("OS_NEUTRON__AUTH_URL", IDENTITY),
    ("OS_NEUTRON__USERNAME", USER),
    ("OS_NEUTRON__PASSWORD", PASSWORD),
    ("OS_NEUTRON__PROJECT_NAME", PROJECT),
    ("OS_NEUTRON__USER_DOMAIN_NAME", "Default"),
    ("OS_NEUTRON__PROJECT_DOMAIN_NAME", "Default"),
    ("OS_NEUTRON__REGION_NAME", REGION),
    ("OS_NEUTRON__INSPECTION_NETWORK", INSPECTION_NETWORK),
    ("OS_ASSAY__DHCP_RANGE", "172.22.100.20,172.22.100.49"),
];
/// Neutron is asked through the [proxy](Proxy), which a scenario tells what to spoil.
pub const BY_PROXY: (&str, &str) = ("OS_NEUTRON__ENDPOINT_OVERRIDE", PROXY);

/// The site of the scenarios.
#[derive(Debug)]
pub struct Cloud<'a> {
    pub lab: &'a Lab,
    pub stack: Stack<'a>,
    pub proxy: Proxy,
    /// What machines boot that are not told otherwise.
    pub tiny: Image,
    /// The stock ironic-python-agent.
    pub stock: Image,
    pub project: &'a Project,
    binary: PathBuf,
}

impl<'a> Cloud<'a> {
    pub fn up(project: &'a Project, lab: &'a Lab, binary: PathBuf) -> Result<Self> {
        let stack = Stack::up(project, lab)?;
        let proxy = Proxy::up(project, lab)?;
        Ok(Self { lab, stack, proxy, tiny: images::tiny(project)?, stock: images::ipa(project)?, project, binary })
    }

    /// Starts Assay with these options besides; one that runs is stopped first.
    pub fn serve(&self, more: Options) -> Result<()> {
        self.lab.stop(assay::SERVICE);
        let options = [OPTIONS, more].concat();
        assay::serve(self.project, self.lab, &self.binary, &self.tiny, &options)
    }

    /// `assay audit`, until it finds nothing: a run whose request got no answer owes a last look, 35 s after its end.
    pub fn clean_audit(&self) -> Result<()> {
        let ask = || command::output(&mut assay::client(self.lab, &self.binary, "audit"));
        wait_for("a clean audit", Duration::from_secs(75), || Ok(ask().ok())).or_else(|_| ask()).map(drop)
    }

    /// What `assay audit` finds now.
    pub fn audit(&self) -> String {
        match command::output(&mut assay::client(self.lab, &self.binary, "audit")) {
            Ok(told) => told,
            Err(error) => format!("{error:#}"),
        }
    }
}
