//! Options from files and environment, and the refusals of wrong ones.

use std::{io::Write, path::Path};

use assay_store::Database;

use super::{groups::service::AuthStrategy, *};

/// Loads one file with `text` and the environment's `variables`.
pub fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    load(&Inputs {
        files: vec![file.path().to_owned()],
        variables: variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        ..Inputs::default()
    })
}

pub fn refusal(text: &str) -> String {
    load_text(text, &[]).unwrap_err().to_string()
}

pub fn origin<'a>(loaded: &'a Loaded, group: &str, name: &str) -> &'a Setting {
    loaded.settings.iter().find(|setting| (setting.spec.group, setting.spec.name) == (group, name)).unwrap()
}

#[test]
fn nothing_has_to_be_configured() {
    let loaded = load(&Inputs {
        variables: vec![("OS_DEFAULT__MY_IP".into(), "10.0.0.7".into()), ("OS_ASSAY__STATE_PATH".into(), "/s".into())],
        ..Inputs::default()
    });
    let config = loaded.unwrap().config;
    assert_eq!(config.deploy.http_url, "http://10.0.0.7:8080");
    assert_eq!(config.api.host_ip.to_string(), "127.0.0.1");
    assert_eq!(config.general.auth_strategy, AuthStrategy::Noauth);
    assert_eq!(config.deploy.default_boot_mode, assay_core::power::BootMode::Uefi);
    assert_eq!(config.assay.key_file, Path::new("/s/instance.key"));
    assert_eq!(config.database.connection, Database::File("/s/assay.sqlite".into()));
    assert_eq!(config.conductor.file_url_allowed_paths[0], Path::new("/s/images"));
}

#[test]
fn the_environment_wins_over_the_files_and_later_files_over_earlier_ones() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let first = write("first.conf", "[api]\nport = 1001\nmax_limit = 11\n[conductor]\nsoft_power_off_timeout = 21\n");
    std::fs::create_dir(folder.path().join("d")).unwrap();
    write("d/20.conf", "[api]\nport = 1003\n");
    write("d/10.conf", "[api]\nport = 1002\n");
    write("d/README", "not a configuration");
    let loaded = load(&Inputs {
        files: vec![first],
        folders: vec![folder.path().join("d")],
        variables: vec![("OS_API__MAX_LIMIT".into(), "12".into())],
        debug: true,
    })
    .unwrap();
    assert_eq!(loaded.config.api.port, 1003);
    assert_eq!(loaded.config.api.max_limit, 12);
    assert_eq!(loaded.config.conductor.soft_power_off_timeout.as_secs(), 21);
    assert!(loaded.config.general.debug);
    assert!(origin(&loaded, "api", "port").origin.to_string().ends_with("/d/20.conf:2"));
    assert_eq!(origin(&loaded, "api", "max_limit").origin.to_string(), "environment OS_API__MAX_LIMIT");
    assert_eq!(origin(&loaded, "DEFAULT", "debug").origin.to_string(), "command line --debug");
    assert_eq!(origin(&loaded, "api", "host_ip").origin.to_string(), "default: auth_strategy is noauth");
}

#[test]
fn a_fake_delay_is_seconds_or_a_range() {
    let delay = load_text("[fake]\npower_delay = 1,10\n", &[]).unwrap().config.fake.power_delay;
    assert_eq!((delay.least.as_secs(), delay.most.as_secs()), (1, 10));
    let refusal = refusal("[fake]\nboot_delay = soon\n");
    assert!(refusal.contains("[fake] boot_delay: `soon` is no seconds, or a range"), "{refusal}");
}

#[test]
fn every_bad_value_is_named_with_file_group_and_option() {
    let text = "[DEFAULT]\ndebug = maybe\n[conductor]\npower_state_change_timeout = 1\n[api]\nport = 70000\n";
    let refusal = refusal(text);
    let lines: Vec<&str> = refusal.lines().collect();
    assert_eq!(lines.len(), 3, "{refusal}");
    assert!(lines[0].ends_with(":2: [DEFAULT] debug: `maybe` is no boolean"), "{refusal}");
    assert!(lines[1].ends_with(":6: [api] port: `70000` is no port number"), "{refusal}");
    assert!(
        lines[2].ends_with(":4: [conductor] power_state_change_timeout: `1` is not between 2 and 86400"),
        "{refusal}"
    );
}

#[test]
fn a_choice_that_does_not_exist_is_refused_with_those_that_do() {
    let refusal = refusal("[deploy]\ndefault_boot_mode = efi\n");
    assert!(refusal.ends_with("[deploy] default_boot_mode: `efi` is no bios | uefi"), "{refusal}");
}

#[test]
fn an_unknown_hook_and_an_unsafe_kernel_parameter_stop_the_start() {
    let text = "[inspector]\nhooks = $default_hooks,lunch\nextra_kernel_params = a=1 b=${net0/mac}\n";
    let refusal = refusal(text);
    assert!(refusal.contains(":2: [inspector] hooks: unknown hook \"lunch\""), "{refusal}");
    assert!(refusal.contains(":3: [inspector] extra_kernel_params: "), "{refusal}");
}

#[test]
fn a_map_of_networks_that_cannot_be_meant_stops_the_start() {
    let text = "[inspector]\nphysical_network_cidr_map = 10.0.0.0/8:a,192.0.2.1/24:b\n";
    let refusal = refusal(text);
    assert!(
        refusal.contains(":2: [inspector] physical_network_cidr_map: \"192.0.2.1/24:b\" has an address"),
        "{refusal}"
    );
    assert!(load_text("[inspector]\nphysical_network_cidr_map = 10.0.0.0/8:a, 2001:db8::/64:b\n", &[]).is_ok());
}

#[test]
fn a_boot_template_is_refused_with_what_to_use_instead() {
    let refusal = refusal("[pxe]\nipxe_config_template = /etc/x.template\n");
    assert!(refusal.contains("[pxe] ipxe_config_template: "), "{refusal}");
    assert!(refusal.contains("[inspector] extra_kernel_params"), "{refusal}");
}

#[test]
fn what_has_no_effect_is_told_and_whole_groups_of_it_in_one_line() {
    let text =
        "[DEFAULT]\nrpc_tranport = none\n[nonsense]\na = 1\nb = 2\n[oslo_messaging_rabbit]\nrabbit_ha_queues = true\n";
    let warnings = load_text(text, &[]).unwrap().warnings;
    assert_eq!(warnings.iter().filter(|line| line.contains("no effect")).count(), 3, "{warnings:#?}");
    assert!(
        warnings.iter().any(|line| line.ends_with(":2: Assay has no option [DEFAULT] rpc_tranport; it has no effect"))
    );
    assert!(warnings.iter().any(|line| line.ends_with("Assay has no options in [nonsense]; they have no effect")));
}

#[test]
fn former_names_are_used_and_told() {
    let loaded = load_text("[conductor]\ninspect-timeout = 77\n", &[]).unwrap();
    assert_eq!(loaded.config.conductor.inspect_wait_timeout.as_secs(), 77);
    let told = "[conductor] inspect_timeout is now called inspect_wait_timeout; it is used as that";
    assert!(loaded.warnings.iter().any(|line| line.ends_with(told)), "{:#?}", loaded.warnings);
}

#[test]
fn s6_an_endless_wait_is_taken_as_a_day() {
    let loaded = load_text("[conductor]\ninspect_wait_timeout = 0\n", &[]).unwrap();
    assert_eq!(loaded.config.conductor.inspect_wait_timeout.as_secs(), 86_400);
    assert!(loaded.warnings.iter().any(|line| line.contains("24 hours")));
}

#[test]
fn s13_a_refused_secret_is_not_shown() {
    let refusal = refusal("[database]\nconnection = oracle://u:hunter2@h/db\n");
    assert!(refusal.contains("[database] connection: `oracle://******@h/db` is no"), "{refusal}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let refused = load(&Inputs { files: vec!["/nonexistent/x.conf".into()], ..Inputs::default() });
    assert!(refused.unwrap_err().to_string().contains("/nonexistent/x.conf"));
}

#[test]
fn the_reference_page_of_the_book_is_that_of_the_code() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(written == reference::markdown(), "docs/reference.md is not what `assay config --reference` prints");
}

/// The sources of this crate, one text.
fn sources_below(folder: &Path) -> String {
    let items = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path());
    items
        .map(|path| match path.is_dir() {
            true => sources_below(&path),
            false => std::fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

#[test]
fn no_option_is_read_and_then_ignored() {
    let code = sources_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let is_used = |name: &str| {
        let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        code.split(&format!(".{name}")).skip(1).any(ends) || code.contains(&format!("${name}"))
    };
    let names = Config::specs().into_iter().flat_map(|(_, _, specs)| specs).map(|spec| spec.name);
    let ignored: Vec<_> = names.filter(|name| !is_used(name)).collect();
    assert!(ignored.is_empty(), "nothing acts on {ignored:?}: drop them, so that a warning names them");
}

#[test]
fn what_a_later_version_will_have_is_named_and_not_ignored() {
    let text =
        "[redfish]\nconnection_retry_interval = 4\nread_timeout = 60\n[glance]\nregion_name = a\n[nova]\nx = 1\n";
    let loaded = load_text(text, &[]).unwrap();
    for expected in [
        "Assay has no option [redfish] connection_retry_interval; it has no effect",
        "[redfish] read_timeout: one call has to end before a claim does, it is taken as 30",
        "[glance], [nova]: Assay lacks what they are for; they have no effect",
    ] {
        assert!(loaded.warnings.iter().any(|warning| warning.contains(expected)), "{:?}", loaded.warnings);
    }
}
