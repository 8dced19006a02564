//! What booting machines are answered: goldens, and texts that must not get through.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{
    ipxe::{IpxeSettings, main_script, node_script},
    loader::{BootClient, BootFile, Loaders},
    *,
};

const BASE: &str = "http://172.22.100.1:8080";

pub(super) fn record(params: &str) -> BootRecord {
    BootRecord {
        node: "6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11".parse().unwrap(),
        macs: vec![mac()],
        chain: BootChain::Ipxe,
        cpu_arch: None,
        boot_mode: BootMode::Uefi,
        kernel: "k".to_owned(),
        ramdisk: "r".to_owned(),
        params: KernelParams::parse(params).unwrap(),
        callback: Callback::Own(vec![format!("{BASE}/v1/continue_inspection")]),
        dhcp: DhcpProvider::Own,
        addresses: Vec::new(),
    }
}

fn mac() -> MacAddress {
    "52:54:00:ab:cd:01".parse().unwrap()
}

fn callback() -> Secret {
    Secret::new(format!("{BASE}/v1/continue_inspection/0192d0c8-7b1e-7c3a-9f00-1a2b3c4d5e6f/{}", "s".repeat(43)))
}

fn settings(timeout_ms: u32) -> IpxeSettings<'static> {
    IpxeSettings { base_url: BASE, timeout_ms }
}

const PARAMS: &str = "nofb vga=normal console=ttyS0,115200n8 dyndbg='module e1000 +p' ipa-debug=1";

#[test]
fn the_main_ipxe_script_tries_every_nic() {
    assert_snapshot!(main_script(BASE));
}

#[test]
fn the_node_ipxe_script_fetches_both_images_and_tries_again() {
    let record = record(PARAMS);
    let boot = NodeBoot { record: &record, callback: &callback(), mac: Some(mac()) };
    assert_snapshot!(node_script(&boot, settings(0)).unwrap().reveal());
    let limited = node_script(&boot, settings(60_000)).unwrap();
    assert_eq!(limited.reveal().matches("--timeout 60000 http://").count(), 2);
}

#[test]
fn the_pxelinux_config_boots_at_once() {
    let record = record(PARAMS);
    let boot = NodeBoot { record: &record, callback: &callback(), mac: Some(mac()) };
    assert_snapshot!(pxelinux::node_config(&boot).unwrap().reveal());
}

#[test]
fn the_grub_config_quotes_every_parameter() {
    let record = record(PARAMS);
    let boot = NodeBoot { record: &record, callback: &callback(), mac: Some(mac()) };
    assert_snapshot!(grub::node_config(&boot).unwrap().reveal());
    assert_snapshot!(grub::MAIN_CONFIG);
}

#[test]
fn s13_a_bad_callback_is_told_without_its_secret() {
    let callback = Secret::new("http://a b\n/the-secret".to_owned());
    let error = record("").kernel_line(&callback, Some(mac())).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("the-secret"));
    assert!(error.to_string().contains(CALLBACK_KEY));
}

#[test]
fn a_line_that_the_kernel_would_cut_is_told_before_it_is_served() {
    assert_eq!(record(PARAMS).check(), Ok(()));
    let long = record(&format!("a={}", "x".repeat(1800)));
    assert!(matches!(long.check(), Err(InvalidKernelParam::TooLong(_))));
}

#[test]
fn a_record_survives_its_storage() {
    let record = record(PARAMS);
    let stored = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<BootRecord>(&stored).unwrap(), record);
}

#[test]
fn each_client_gets_the_loader_of_its_platform() {
    use BootFile::{Http, Script, Tftp};
    let script = || Script(format!("{BASE}/boot.ipxe"));
    let tftp = |name: &str| Tftp(name.to_owned());
    let http = |name: &str| Http(format!("{BASE}/{name}"));
    for (chain, arch, ipxe, expected) in [
        (BootChain::Ipxe, Some(0), false, tftp("undionly.kpxe")),
        (BootChain::Ipxe, Some(0), true, script()),
        (BootChain::Ipxe, Some(6), false, tftp("snponly.efi")),
        (BootChain::Ipxe, Some(7), false, tftp("snponly.efi")),
        (BootChain::Ipxe, Some(9), false, tftp("snponly.efi")),
        (BootChain::Ipxe, Some(7), true, script()),
        (BootChain::Ipxe, Some(11), false, tftp("ipxe_aa64.efi")),
        (BootChain::Ipxe, Some(11), true, script()),
        (BootChain::Ipxe, Some(16), false, http("snponly.efi")),
        (BootChain::HttpIpxe, Some(19), false, http("ipxe_aa64.efi")),
        (BootChain::HttpIpxe, Some(16), true, script()),
        (BootChain::Ipxe, None, true, script()),
        (BootChain::Ipxe, None, false, tftp("snponly.efi")),
        (BootChain::Ipxe, Some(999), false, tftp("snponly.efi")),
        (BootChain::Pxe, Some(0), false, tftp("pxelinux.0")),
        (BootChain::Pxe, Some(0), true, tftp("pxelinux.0")),
        (BootChain::Pxe, Some(7), false, tftp("bootx64.efi")),
        (BootChain::Pxe, Some(11), false, tftp("grubaa64.efi")),
    ] {
        let record = BootRecord { chain, ..record("") };
        let file = Loaders::default().boot_file(BootClient { arch, ipxe }, &record, BASE);
        assert_eq!(file, Some(expected), "{chain} {arch:?} {ipxe}");
    }
    let disc = BootRecord { chain: BootChain::VirtualMedia, ..record("") };
    assert_eq!(Loaders::default().boot_file(BootClient::default(), &disc, BASE), None);
    assert_eq!(Loaders::default().of_disc(&disc), ["isolinux.bin", "gcdx64.efi"]);
}

#[test]
fn an_operators_loader_by_architecture_and_mode_wins() {
    let mut loaders = Loaders::default();
    loaders.ipxe.by_arch.insert("x86_64".to_owned(), "all.efi".to_owned());
    loaders.ipxe.by_arch.insert("x86_64-bios".to_owned(), "bios.kpxe".to_owned());
    let file = |arch, record: &BootRecord| loaders.boot_file(BootClient { arch, ipxe: false }, record, BASE);
    let tftp = |name: &str| Some(BootFile::Tftp(name.to_owned()));
    assert_eq!(file(Some(0), &record("")), tftp("bios.kpxe"));
    assert_eq!(file(Some(7), &record("")), tftp("all.efi"));
    let arm = BootRecord { cpu_arch: Some("aarch64".to_owned()), ..record("") };
    assert_eq!(file(None, &arm), tftp("ipxe_aa64.efi"));
    assert_eq!(loaders.of_disc(&arm), ["gcdaa64.efi", "gcdaa64.efi"]);
    assert_eq!(loaders.ipxe.all(), ["all.efi", "bios.kpxe", "ipxe_aa64.efi", "snponly.efi", "undionly.kpxe"]);
}

/// The lines of a script that a harmless line of parameters gives.
fn shape(script: &str) -> Vec<&str> {
    script.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect()
}

proptest! {
    #[test]
    fn whatever_the_parameters_a_script_has_exactly_the_intended_lines(text in "[ -~\\n\\r\\t]{0,80}") {
        let Ok(params) = KernelParams::parse(&text) else { return Ok(()) };
        let (plain, callback) = (record(""), callback());
        let odd = BootRecord { params, ..plain.clone() };
        let [plain, odd] = [&plain, &odd].map(|record| NodeBoot { record, callback: &callback, mac: Some(mac()) });
        let (a, b) = (node_script(&plain, settings(0)).unwrap(), node_script(&odd, settings(0)).unwrap());
        prop_assert_eq!(shape(a.reveal()), shape(b.reveal()));
        prop_assert_eq!(a.reveal().matches("${").count(), b.reveal().matches("${").count());
        let (a, b) = (pxelinux::node_config(&plain).unwrap(), pxelinux::node_config(&odd).unwrap());
        prop_assert_eq!(shape(a.reveal()), shape(b.reveal()));
        let grub = grub::node_config(&odd).unwrap();
        let linux = grub.reveal().lines().find(|line| line.contains("deploy_kernel")).unwrap();
        prop_assert_eq!(linux.matches('\'').count(), 2 * odd.record.kernel_line(&callback, Some(mac())).unwrap().iter().count());
    }
}
