//! Inspections of emulated machines through Assay's own DHCP, TFTP and HTTP; what is left is asked of the BMC and the segment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::findings::Findings;
use super::{Check, Counts, Group};
use crate::assay;
use crate::client::Client;
use crate::command;
use crate::images::{self, Image};
use crate::interrupt::wait_for;
use crate::lab::bmc::{PASSWORD, USER};
use crate::lab::machine::{Firmware, Machine};
use crate::lab::neutron::SWITCH_ID;
use crate::lab::{Lab, MANAGEMENT, ipmi, power, segment};
use crate::project::{Project, read};
use crate::setup;

pub const CHECKS: &[Check] = &[
    Check { group: Group::Lab, name: "BIOS and UEFI machine, tiny ramdisk", run: tiny },
    Check { group: Group::Lab, name: "BIOS and UEFI machine, PXELINUX and GRUB", run: pxe },
    Check { group: Group::Lab, name: "BIOS and UEFI machine, a disc in the virtual drive", run: disc },
    Check { group: Group::Lab, name: "BIOS machine behind IPMI", run: ipmi },
    Check { group: Group::Lab, name: "silent, garbled and repeated posts, a restart", run: rude },
    Check { group: Group::Lab, name: "BIOS machine in a flood of DHCP requests", run: flood },
    Check { group: Group::Lab, name: "BIOS machine, stock ironic-python-agent", run: stock },
];

/// More than the defaults, so that the inventory shows in the node's properties.
const HOOKS: &str = "$default_hooks,memory,cpus,root-device";

/// And for a ramdisk that listens to the switch.
const LLDP_HOOKS: &str = "$default_hooks,memory,cpus,root-device,parse-lldp,local-link-connection";

/// A lab with Assay and its nodes, enrolled and `manageable`.
pub struct Site<'a> {
    project: &'a Project,
    pub lab: &'a Lab,
    pub client: Client<'a>,
    binary: PathBuf,
    image: Image,
    options: Vec<(&'static str, &'static str)>,
}

fn tiny(project: &Project) -> Result<Counts> {
    let machines = vec![Machine::small(1, Firmware::Bios), Machine::small(2, Firmware::Uefi)];
    on_site(project, "lab tiny", machines, images::tiny, |site, findings| {
        for machine in &site.lab.machines {
            let early = segment::offers_address(site.lab, &machine.mac())?;
            findings.expect(&format!("{}: no address before its inspection", machine.name), !early);
            site.inspect(machine)?;
        }
        for machine in &site.lab.machines {
            site.ends_well(machine, Duration::from_secs(120), findings)?;
        }
        Ok(())
    })
}

fn pxe(project: &Project) -> Result<Counts> {
    boots_by(project, "pxe")
}

fn disc(project: &Project) -> Result<Counts> {
    boots_by(project, "redfish-virtual-media")
}

/// A BIOS and a UEFI machine boot by this interface.
fn boots_by(project: &Project, interface: &str) -> Result<Counts> {
    let machines = vec![Machine::small(1, Firmware::Bios), Machine::small(2, Firmware::Uefi)];
    on_site(project, &format!("lab {interface}"), machines, images::tiny, |site, findings| {
        for machine in &site.lab.machines {
            site.client.run(&["node", "set", &machine.name, "--boot-interface", interface])?;
            site.inspect(machine)?;
        }
        for machine in &site.lab.machines {
            site.ends_well(machine, Duration::from_secs(120), findings)?;
        }
        Ok(())
    })
}

/// The machine's BMC is virtualbmc; what is left is asked of its Redfish neighbour, since both show the same machine.
fn ipmi(project: &Project) -> Result<Counts> {
    let options = [("OS_IPMI__MIN_COMMAND_INTERVAL", "0"), ("OS_IPMI__CIPHER_SUITE_VERSIONS", "3,17")];
    let machines = vec![Machine::small(1, Firmware::Bios)];
    on_site_with(project, "lab ipmi", machines, images::tiny, &options, |site, findings| {
        let machine = &site.lab.machines[0];
        ipmi::virtualbmc(site.project, site.lab)?;
        let at = [format!("ipmi_address={MANAGEMENT}"), format!("ipmi_port={}", ipmi::port_of(machine))];
        let account = [format!("ipmi_username={USER}"), format!("ipmi_password={PASSWORD}")];
        let info = at.iter().chain(&account).flat_map(|pair| ["--driver-info", pair]);
        let set = ["node", "set", &machine.name, "--driver", "ipmi", "--reset-interfaces"];
        site.client.run(&set.into_iter().chain(info).collect::<Vec<_>>())?;
        site.inspect(machine)?;
        site.ends_well(machine, Duration::from_secs(120), findings)
    })
}

fn stock(project: &Project) -> Result<Counts> {
    let machines = vec![Machine::large(1, Firmware::Bios)];
    let options = [("OS_INSPECTOR__HOOKS", LLDP_HOOKS)];
    on_site_with(project, "lab ipa", machines, images::ipa, &options, |site, findings| {
        let machine = &site.lab.machines[0];
        site.inspect(machine)?;
        site.ends_well(machine, Duration::from_secs(300), findings)?;
        let inventory = site.inventory(machine)?;
        let disk = &inventory["inventory"]["disks"][0];
        findings.equal("the disk's serial number", &disk["serial"].as_str(), &Some("DISK0001"));
        findings.equal("the vendor", &inventory["inventory"]["system_vendor"]["manufacturer"].as_str(), &Some("Assay"));
        site.knows_its_switch(machine, &inventory["plugin_data"], findings)
    })
}

/// The most that Assay may hold in a flood, in KiB.
const MOST_MEMORY: u64 = 250 << 10;

/// A machine finds its address among a thousand requests a second of machines that nobody knows.
fn flood(project: &Project) -> Result<Counts> {
    on_site(project, "lab flood", vec![Machine::small(1, Firmware::Bios)], images::tiny, |site, findings| {
        let machine = &site.lab.machines[0];
        segment::flood(site.project, site.lab)?;
        site.inspect(machine)?;
        site.reaches(machine, "manageable", Duration::from_secs(120))?;
        segment::calm(site.lab)?;
        site.ends_well(machine, Duration::from_secs(10), findings)?;
        let peak = site.lab.peak_memory(assay::SERVICE)?;
        findings.expect(&format!("{peak} KiB of memory are within the budget"), peak < MOST_MEMORY);
        Ok(())
    })
}

fn rude(project: &Project) -> Result<Counts> {
    on_site(project, "lab rude", vec![Machine::small(1, Firmware::Bios)], images::tiny, |site, findings| {
        let machine = &site.lab.machines[0];
        site.with_parameters(machine, "tiny-silent")?;
        site.inspect(machine)?;
        site.wait_for_console(machine, "silent")?;
        let stranger = segment::offers_address(site.lab, "52:54:00:ab:00:99")?;
        findings.expect("no address for a MAC that no run waits for", !stranger);
        site.client.run(&["node", "abort", &machine.name])?;
        site.reaches(machine, "inspect failed", Duration::from_secs(60))?;
        site.nothing_left(machine, findings)?;

        site.with_parameters(machine, "tiny-garbage tiny-twice tiny-stay")?;
        site.inspect(machine)?;
        site.ends_well(machine, Duration::from_secs(120), findings)?;

        site.with_parameters(machine, "tiny-stay")?;
        site.inspect(machine)?;
        site.lab.stop(assay::SERVICE);
        site.serve()?;
        site.ends_well(machine, Duration::from_secs(120), findings)
    })
}

/// [`on_site_with`] the options that all sites have.
pub fn on_site(
    project: &Project,
    name: &str,
    machines: Vec<Machine>,
    image: fn(&Project) -> Result<Image>,
    scenario: impl FnOnce(&Site, &mut Findings) -> Result<()>,
) -> Result<Counts> {
    on_site_with(project, name, machines, image, &[], scenario)
}

/// Sets a site up whose Assay has more options, runs a scenario on it, and keeps the logs when an expectation fails.
pub fn on_site_with(
    project: &Project,
    name: &str,
    machines: Vec<Machine>,
    image: fn(&Project) -> Result<Image>,
    options: &[(&'static str, &'static str)],
    scenario: impl FnOnce(&Site, &mut Findings) -> Result<()>,
) -> Result<Counts> {
    setup::everything(project)?;
    let binary = assay::build(project)?;
    let lab = Lab::up(project, machines)?;
    let options = [&[("OS_INSPECTOR__HOOKS", HOOKS)], options].concat();
    let client = Client::new(project, &lab)?;
    let site = Site { project, lab: &lab, client, binary, image: image(project)?, options };
    let mut findings = Findings::default();
    let end = site.ready().and_then(|()| scenario(&site, &mut findings));
    findings.works("the scenario", end);
    if findings.counts.failed > 0 {
        findings.works(
            "the logs",
            lab.save_logs(project, name).map(|folder| crate::ui::say(&format!("    logs: {}", folder.display()))),
        );
        findings.counts.passed -= 1;
    }
    Ok(findings.counts)
}

impl Site<'_> {
    fn ready(&self) -> Result<()> {
        self.serve()?;
        for machine in &self.lab.machines {
            self.client.enrol(machine, &[])?;
            self.client.run(&["node", "manage", &machine.name, "--wait", "60"])?;
        }
        Ok(())
    }

    fn serve(&self) -> Result<()> {
        assay::serve(self.project, self.lab, &self.binary, &self.image, &self.options)
    }

    fn with_parameters(&self, machine: &Machine, parameters: &str) -> Result<()> {
        let info = format!("inspector_extra_kernel_params={parameters}");
        self.client.run(&["node", "set", &machine.name, "--driver-info", &info]).map(drop)
    }

    pub fn inspect(&self, machine: &Machine) -> Result<()> {
        self.client.run(&["node", "inspect", &machine.name]).map(drop)
    }

    /// Waits until the inspection is over: `manageable` or `inspect failed`, whichever was expected.
    pub fn reaches(&self, machine: &Machine, state: &str, limit: Duration) -> Result<()> {
        wait_for(&format!("{} {state}", machine.name), limit, || {
            let now = assay::node_field(self.lab, &machine.name, "provision_state")?;
            if now == "inspect failed" && state != "inspect failed" {
                bail!(
                    "{}: inspect failed: {}",
                    machine.name,
                    assay::node_field(self.lab, &machine.name, "last_error")?
                );
            }
            Ok((now == state).then_some(()))
        })
    }

    /// The machine's port has the place that the switch told by LLDP, and the inventory all that it told.
    fn knows_its_switch(&self, machine: &Machine, plugin_data: &Value, findings: &mut Findings) -> Result<()> {
        let ports = self.client.json(&["port", "list", "--fields", "local_link_connection"])?;
        let link = json!({"switch_id": SWITCH_ID, "port_id": machine.name});
        findings.equal("where the port is plugged in", &ports[0]["local_link_connection"], &link);
        let parsed = plugin_data["parsed_lldp"].as_object().and_then(|parsed| parsed.values().next());
        let system = parsed.and_then(|told| told["switch_system_description"].as_str()).unwrap_or_default();
        findings.expect(&format!("the switch's own words, {system:?}"), system.starts_with("openvswitch"));
        Ok(())
    }

    pub fn inventory(&self, machine: &Machine) -> Result<Value> {
        let file = self.lab.folder.join(format!("{}-inventory.json", machine.name));
        self.client.run(&["node", "inventory", "save", &machine.name, "--file", &path(&file)])?;
        Ok(serde_json::from_str(&read(&file)?)?)
    }

    /// The machine's inspection ends `manageable`, with its inventory stored and nothing left behind.
    pub fn ends_well(&self, machine: &Machine, limit: Duration, findings: &mut Findings) -> Result<()> {
        let name = &machine.name;
        self.reaches(machine, "manageable", limit)?;
        let inventory = self.inventory(machine)?;
        let mac = inventory["inventory"]["interfaces"][0]["mac_address"].as_str();
        findings.equal(&format!("{name}: the inventory's MAC"), &mac, &Some(machine.mac().as_str()));
        let mode = inventory["inventory"]["boot"]["current_boot_mode"].as_str();
        let expected = if machine.firmware == Firmware::Bios { "bios" } else { "uefi" };
        findings.equal(&format!("{name}: the boot mode"), &mode, &Some(expected));
        let boot = assay::node_field(self.lab, name, "boot_interface")?;
        let chain = match (boot.as_str(), machine.firmware) {
            (Some("redfish-virtual-media"), _) => &["media", "ramdisk dhcp"][..],
            // QEMU's ROM of a BIOS machine is iPXE already.
            (Some("ipxe"), Firmware::Bios) => &["dhcp", "script", "kernel", "ramdisk", "ramdisk dhcp"],
            _ => &["dhcp", "loader", "script", "kernel", "ramdisk", "ramdisk dhcp"],
        };
        findings.equal(
            &format!("{name}: the signs of life"),
            &assay::signs(self.lab, name)?.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
            &chain,
        );
        let properties = assay::node_field(self.lab, name, "properties")?;
        findings.equal(&format!("{name}: properties.cpu_arch"), &properties["cpu_arch"].as_str(), &Some("x86_64"));
        findings.equal(&format!("{name}: properties.cpus"), &properties["cpus"].to_string().trim_matches('"'), &"1");
        findings.expect(&format!("{name}: properties.memory_mb"), !properties["memory_mb"].is_null());
        self.nothing_left(machine, findings)
    }

    /// What the run changed is as it was: asked of the BMC, of the segment, and of `assay audit`.
    pub fn nothing_left(&self, machine: &Machine, findings: &mut Findings) -> Result<()> {
        let name = &machine.name;
        findings.equal(&format!("{name}: power at the BMC"), &power::state(self.lab, machine)?.as_str(), &"Off");
        let target = power::boot_target(self.lab, machine)?;
        findings
            .expect(&format!("{name}: no boot override at the BMC, found {target}"), target != "Pxe" && target != "Cd");
        findings.expect(&format!("{name}: no disc in its drive"), !power::holds_disc(self.lab, machine)?);
        findings.expect(
            &format!("{name}: no address after its inspection"),
            !segment::offers_address(self.lab, &machine.mac())?,
        );
        findings.equal(
            &format!("{name}: reservation"),
            &assay::node_field(self.lab, name, "reservation")?,
            &Value::Null,
        );
        findings.works(&format!("{name}: assay audit finds nothing"), self.clean_audit());
        Ok(())
    }

    /// A run that was interrupted in the middle of an effect owes a last look at the BMC, 35 s after its end.
    fn clean_audit(&self) -> Result<()> {
        let ask = || command::output(&mut assay::client(self.lab, &self.binary, "audit"));
        wait_for("a clean audit", Duration::from_secs(60), || Ok(ask().ok())).or_else(|_| ask()).map(drop)
    }

    fn wait_for_console(&self, machine: &Machine, word: &str) -> Result<()> {
        let console = self.lab.log(&format!("{}-console", machine.name));
        wait_for(&format!("{word} on the console of {}", machine.name), Duration::from_secs(90), || {
            Ok(String::from_utf8_lossy(&std::fs::read(&console).unwrap_or_default()).contains(word).then_some(()))
        })
    }
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
