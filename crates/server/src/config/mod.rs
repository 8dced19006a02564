//! The configuration: oslo.config's files and names, typed, each value with where it came from.
//!
//! **Invariant:** what `assay serve` runs with is exactly what `assay config` shows.

mod access;
mod derive;
mod entry;
mod error;
pub mod groups;
mod ini;
mod interpolate;
mod known;
mod options;
pub mod own_values;
pub mod paths;
mod reader;
pub mod reference;
mod sources;
mod spec;
pub mod value;

use std::path::PathBuf;

pub use entry::{Entry, Origin};
pub use error::ConfigError;
pub use options::OptionGroup;
pub use reader::{Reader, Setting};
pub use sources::Sources;
pub use spec::OptionSpec;

use groups::{
    Api, Assay, Conductor, Database, Deploy, Dhcp, Fake, General, Inspector, InspectorAccess, InspectorService,
    Interfaces, Ipmi, Network, Neutron, NeutronAccess, Pxe, Redfish,
};

/// A group's name, what it is about, and its options.
pub type GroupSpec = (&'static str, &'static str, Vec<OptionSpec>);

/// Joins the groups into the configuration.
macro_rules! groups {
    ($($(#[$doc:meta])* $field:ident: $group:ty,)+) => {
        /// Every option that this version acts on.
        #[derive(Clone, Debug)]
        pub struct Config {
            $($(#[$doc])* pub $field: $group,)+
        }

        impl Config {
            /// What is known about every option, by group.
            #[must_use]
            pub fn specs() -> Vec<GroupSpec> {
                vec![$((<$group>::NAME, <$group>::DOC, <$group>::specs()),)+]
            }

            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                $(let $field = <$group>::read(reader);)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}

groups! {
    /// `[DEFAULT]`.
    general: General,
    /// `[DEFAULT]`, hardware types and interfaces.
    interfaces: Interfaces,
    /// `[assay]`.
    assay: Assay,
    /// `[api]`.
    api: Api,
    /// `[conductor]`.
    conductor: Conductor,
    /// `[database]`.
    database: Database,
    /// `[deploy]`.
    deploy: Deploy,
    /// `[dhcp]`.
    dhcp: Dhcp,
    /// `[fake]`.
    fake: Fake,
    /// `[inspector]`.
    inspector: Inspector,
    /// `[inspector]`, keystoneauth's options.
    inspector_access: InspectorAccess,
    /// `[inspector_service]`.
    inspector_service: InspectorService,
    /// `[ipmi]`.
    ipmi: Ipmi,
    /// `[neutron]`, the ports.
    network: Network,
    /// `[neutron]`, its calls.
    neutron: Neutron,
    /// `[neutron]`, keystoneauth's options.
    neutron_access: NeutronAccess,
    /// `[pxe]`.
    pxe: Pxe,
    /// `[redfish]`.
    redfish: Redfish,
}

/// Which files are read, and what the command line says.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `--config-file`, in their order.
    pub files: Vec<PathBuf>,
    /// `--config-dir`, in their order.
    pub folders: Vec<PathBuf>,
    /// `--debug`.
    pub debug: bool,
    /// The environment.
    pub variables: Vec<(String, String)>,
}

/// A configuration that can be used, and how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Each option with its text and origin.
    pub settings: Vec<Setting>,
    /// One line for each thing that the operator should know.
    pub warnings: Vec<String>,
}

/// Reads files, environment and command line.
///
/// # Errors
/// A file that can't be read or is no INI file; every value that can't be used, by file, group and
/// option; what this version must refuse rather than ignore.
pub fn load(inputs: &Inputs) -> Result<Loaded, ConfigError> {
    let specs: Vec<OptionSpec> = Config::specs().into_iter().flat_map(|(_, _, specs)| specs).collect();
    let mut sources = Sources::defaults(&specs);
    for file in &inputs.files {
        sources.file(file)?;
    }
    for folder in &inputs.folders {
        sources.folder(folder)?;
    }
    sources.environment(inputs.variables.iter().cloned());
    if inputs.debug {
        let entry = Entry { text: "true".to_owned(), origin: Origin::CommandLine("--debug") };
        sources.set("DEFAULT".to_owned(), "debug".to_owned(), entry);
    }
    access::follow_sections(&mut sources);
    derive::suggest(&mut sources);

    let mut reader = Reader::of(&sources);
    let config = Config::read(&mut reader);
    let Reader { settings, mut problems, .. } = reader;
    problems.extend(known::refusals(&sources));
    problems.extend(config.iter().flat_map(access::contradictions));
    let mut warnings: Vec<String> = sources.warnings.iter().cloned().collect();
    warnings.extend(known::unknown(&sources, &specs));
    match config {
        Some(mut config) if problems.is_empty() => {
            warnings.extend(derive::settle(&mut config));
            Ok(Loaded { config, settings, warnings })
        }
        _ => Err(ConfigError::Values(problems)),
    }
}

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod tests;
