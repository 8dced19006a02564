//! What other services' files may contain: options that must be refused rather than ignored,
//! groups that are not ours, and names that nobody knows.

use std::collections::BTreeSet;

use super::{access, entry::Origin, sources::Sources, spec::OptionSpec};

/// Groups of an `ironic.conf` for other services and for parts that are not here: one line names them all.
const OTHERS: [&str; 28] = [
    "audit",
    "cinder",
    "cors",
    "disk_utils",
    "glance",
    "healthcheck",
    "ironic_lib",
    "json_rpc",
    "keystone_authtoken",
    "mdns",
    "metrics",
    "metrics_statsd",
    "nova",
    "oslo_concurrency",
    "oslo_messaging_amqp",
    "oslo_messaging_kafka",
    "oslo_messaging_notifications",
    "oslo_messaging_rabbit",
    "oslo_middleware",
    "oslo_policy",
    "oslo_reports",
    "oslo_versionedobjects",
    "profiler",
    "sensor_data",
    "service_catalog",
    "ssl",
    "swift",
    "vnc",
];

/// Options of a later version, each with what to do about them now.
const REFUSED: [(&str, &str, &str); 8] = [
    ("pxe", "pxe_config_template", TEMPLATES),
    ("pxe", "ipxe_config_template", TEMPLATES),
    ("pxe", "uefi_pxe_config_template", TEMPLATES),
    ("pxe", "pxe_config_template_by_arch", TEMPLATES),
    ("pxe", "ipxe_boot_script", TEMPLATES),
    ("api", "unix_socket", "the API is served over TCP only; remove it, and set [api] host_ip and port"),
    ("api", "enable_ssl_api", "this version serves no TLS; remove it, and put a TLS proxy in front"),
    ("inventory", "data_backend", "this version keeps inventories in its database only; remove it"),
];

/// Values that ask for nothing that this version lacks.
const HARMLESS: [&str; 8] = ["", "0", "false", "no", "off", "auto", "builtin", "database"];

const TEMPLATES: &str = "boot scripts are rendered from typed parts and have no templates; remove it, and put what it \
                         adds to the kernel command line into [inspector] extra_kernel_params";

/// What must not be ignored: one line for each.
pub fn refusals(sources: &Sources) -> Vec<String> {
    REFUSED
        .iter()
        .filter_map(|&(group, name, advice)| {
            let entry = sources.given(group, name)?;
            let harmless = HARMLESS.contains(&entry.text.to_ascii_lowercase().as_str());
            (!harmless).then(|| format!("{}: [{group}] {name}: {advice}", entry.origin))
        })
        .collect()
}

/// One line for each option and each group that has no effect here.
pub fn unknown(sources: &Sources, specs: &[OptionSpec]) -> BTreeSet<String> {
    let ours: BTreeSet<&str> = specs.iter().map(|spec| spec.group).collect();
    let options: BTreeSet<(&str, &str)> = specs.iter().map(|spec| (spec.group, spec.name)).collect();
    let sections = access::sections(sources);
    sources
        .iter()
        .filter(|(group, name, _)| !OTHERS.contains(group) && !options.contains(&(*group, *name)))
        .filter(|(group, ..)| ours.contains(group) || !sections.contains(*group))
        .filter(|(group, name, _)| !REFUSED.iter().any(|(refused, option, _)| (refused, option) == (group, name)))
        .filter_map(|(group, name, _)| Some((group, name, sources.given(group, name)?)))
        .map(|(group, name, entry)| match &entry.origin {
            Origin::File { path, .. } if !ours.contains(group) => {
                format!("{}: Assay has no options in [{group}]; they have no effect", path.display())
            }
            origin => format!("{origin}: Assay has no option [{group}] {name}; it has no effect"),
        })
        .chain(of_others(sources, &sections))
        .collect()
}

/// One line for all groups of the services and parts that Assay lacks.
fn of_others(sources: &Sources, sections: &BTreeSet<String>) -> Option<String> {
    // Of this one the presence of a value counts: it chooses Keystone.
    let others = sources.iter().filter(|(group, ..)| OTHERS.contains(group) && *group != "keystone_authtoken");
    let given = others
        .filter(|(group, name, _)| sources.given(group, name).is_some())
        .filter(|(group, ..)| !sections.contains(*group));
    let groups: BTreeSet<String> = given.map(|(group, ..)| format!("[{group}]")).collect();
    let groups: Vec<String> = groups.into_iter().collect();
    (!groups.is_empty()).then(|| format!("{}: Assay lacks what they are for; they have no effect", groups.join(", ")))
}
