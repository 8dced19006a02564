//! A node of a scenario: enrolled, driven and asked over the API.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::left;
use crate::assay;
use crate::images::Image;
use crate::interrupt::wait_for;
use crate::lab::bmc::FakeSystem;
use crate::lab::http::Answer;
use crate::lab::machine::{Firmware, Machine, Nic};
use crate::lab::neutron::local_link;
use crate::lab::{REDFISH, bmc, ramdisk};

/// How long a state may take that needs no boot: an idle computer needs a tenth of it.
pub const SOON: Duration = Duration::from_secs(90);
/// How long a boot of the tiny ramdisk may take.
pub const BOOT: Duration = Duration::from_secs(180);

/// An enrolled node.
#[derive(Debug)]
pub struct Node<'a> {
    pub cloud: &'a Cloud<'a>,
    pub name: String,
    pub uuid: String,
    /// Its ports.
    pub nics: Vec<Nic>,
    /// The machine behind it; a node without one has fake power.
    pub machine: Option<&'a Machine>,
}

impl<'a> Node<'a> {
    /// Enrols a machine and brings the node to `manageable`. `more` goes over what the request says by itself. With the network
    /// interface `flat`, nobody has to know the switch ports. Neutron's DHCP tells a machine one loader whatever it is, so that
    /// the boot mode has to be said of one whose BMC does not.
    pub fn of_machine(cloud: &'a Cloud<'a>, place: usize, more: &Value) -> Result<Self> {
        let machine = &cloud.lab.machines[place];
        let info = json!({"redfish_address": REDFISH, "redfish_username": bmc::USER, "redfish_password": bmc::PASSWORD,
            "redfish_system_id": format!("/redfish/v1/Systems/{}", machine.uuid())});
        let mode = if machine.firmware == Firmware::Bios { "boot_mode:bios" } else { "boot_mode:uefi" };
        let body = json!({"name": machine.name, "driver": "redfish", "driver_info": info, "boot_interface": "ipxe",
            "network_interface": "neutron", "inspect_interface": "agent", "properties": {"capabilities": mode}});
        let mut node = Self::enrol(cloud, Some(machine), &merged(body, more))?;
        if more["network_interface"] != "flat" {
            return node.with_ports(machine.nics());
        }
        node.nics = machine.nics();
        node.nics.iter().try_for_each(|nic| node.add_port(&nic.mac, &json!({})))?;
        Ok(node)
    }

    /// Enrols a node without a machine, whose power is fake; its port is a switch port of its own, of this name.
    pub fn without_machine(cloud: &'a Cloud<'a>, name: &str, number: u8, more: &Value) -> Result<Self> {
        let nic = Nic { port: name.to_owned(), mac: mac_of(number) };
        cloud.stack.add_port(&nic.port)?;
        Self::without_ports(cloud, name, more)?.with_ports(vec![nic])
    }

    /// Enrols a node with a real BMC that has no machine, on a switch port of its own.
    pub fn of_system(cloud: &'a Cloud<'a>, system: &FakeSystem, more: &Value) -> Result<Self> {
        let nic = Nic { port: system.name.clone(), mac: system.mac.clone() };
        cloud.stack.add_port(&nic.port)?;
        let id = format!("/redfish/v1/Systems/{}", system.uuid);
        let body = json!({"name": system.name, "driver": "redfish", "boot_interface": "ipxe", "network_interface": "neutron",
            "inspect_interface": "agent", "driver_info": {"redfish_address": bmc::FAKE, "redfish_system_id": id},
            "properties": {"capabilities": "boot_mode:bios"}});
        Self::enrol(cloud, None, &merged(body, more))?.with_ports(vec![nic])
    }

    /// Enrols a node without a machine and without a port.
    pub fn without_ports(cloud: &'a Cloud<'a>, name: &str, more: &Value) -> Result<Self> {
        let body = json!({"name": name, "driver": "fake-hardware", "power_interface": "fake", "management_interface": "fake",
            "boot_interface": "ipxe", "network_interface": "neutron", "inspect_interface": "agent"});
        Self::enrol(cloud, None, &merged(body, more))
    }

    fn enrol(cloud: &'a Cloud<'a>, machine: Option<&'a Machine>, body: &Value) -> Result<Self> {
        let made = succeeds(assay::ask(cloud.lab, "POST", "/v1/nodes", Some(body))?)?;
        let text = |key: &str| made[key].as_str().map(str::to_owned).with_context(|| format!("a node without {key}"));
        let node = Self { cloud, name: text("name")?, uuid: text("uuid")?, nics: Vec::new(), machine };
        node.provision("manage")?;
        node.reaches("manageable", SOON)?;
        Ok(node)
    }

    /// Gives it more ports, with link information.
    pub fn with_ports(mut self, nics: Vec<Nic>) -> Result<Self> {
        for nic in &nics {
            self.add_port(&nic.mac, &local_link(&nic.port))?;
        }
        self.nics.extend(nics);
        Ok(self)
    }

    /// Gives it a port with this link information.
    pub fn add_port(&self, mac: &str, link: &Value) -> Result<()> {
        let body = json!({"node_uuid": self.uuid, "address": mac, "local_link_connection": link});
        succeeds(assay::ask(self.cloud.lab, "POST", "/v1/ports", Some(&body))?).map(drop)
    }

    /// Its ports as the API shows them.
    pub fn ports(&self) -> Result<Vec<Value>> {
        let path = format!("/v1/ports/detail?node={}", self.uuid);
        let mut answer = succeeds(assay::ask(self.cloud.lab, "GET", &path, None)?)?;
        match answer["ports"].take() {
            Value::Array(ports) => Ok(ports),
            _ => bail!("no list of ports"),
        }
    }

    /// Sets a field of one of its ports, by its JSON pointer.
    pub fn patch_port(&self, port: &Value, path: &str, value: &Value) -> Result<()> {
        let url = format!("/v1/ports/{}", port["uuid"].as_str().context("a port without an uuid")?);
        let patch = json!([{"op": "replace", "path": path, "value": value}]);
        succeeds(assay::ask(self.cloud.lab, "PATCH", &url, Some(&patch))?).map(drop)
    }

    /// Asks for something below the node's own path, whatever the answer.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        assay::ask(self.cloud.lab, method, &format!("/v1/nodes/{}{path}", self.uuid), body)
    }

    /// A field, now.
    pub fn field(&self, name: &str) -> Result<Value> {
        assay::node_field(self.cloud.lab, &self.uuid, name)
    }

    /// Its `last_error`, or nothing.
    pub fn error(&self) -> Result<String> {
        Ok(self.field("last_error")?.as_str().unwrap_or_default().to_owned())
    }

    /// Sets fields, by their JSON pointers.
    pub fn set(&self, fields: &[(&str, Value)]) -> Result<()> {
        let patch: Vec<Value> =
            fields.iter().map(|(path, value)| json!({"op": "add", "path": path, "value": value})).collect();
        succeeds(self.ask("PATCH", "", Some(&Value::from(patch)))?).map(drop)
    }

    /// Asks for a provision step, whatever the answer.
    pub fn ask_for(&self, target: &str) -> Result<Answer> {
        self.ask("PUT", "/states/provision", Some(&json!({"target": target})))
    }

    /// Asks for a provision step that must be accepted.
    pub fn provision(&self, target: &str) -> Result<()> {
        succeeds(self.ask_for(target)?).with_context(|| format!("{}: {target}", self.name)).map(drop)
    }

    /// Starts an inspection.
    pub fn inspect(&self) -> Result<()> {
        self.provision("inspect")
    }

    /// Waits for a state, and for the lock to be free; another end of an inspection is an error.
    pub fn reaches(&self, state: &str, limit: Duration) -> Result<()> {
        wait_for(&format!("{} {state}", self.name), limit, || {
            let now = self.ask("GET", "?fields=provision_state,reservation,last_error", None)?.body;
            if now["provision_state"] == "inspect failed" && state != "inspect failed" {
                bail!("{}: inspect failed: {}", self.name, now["last_error"]);
            }
            Ok((now["provision_state"] == state && now["reservation"].is_null()).then_some(()))
        })
    }

    /// Starts an inspection, and waits until it waits for the ramdisk.
    pub fn inspect_until_it_waits(&self) -> Result<()> {
        self.inspect()?;
        self.reaches("inspect wait", SOON)
    }

    /// Aborts the inspection, and waits for its end.
    pub fn abort(&self) -> Result<()> {
        self.provision("abort")?;
        self.reaches("inspect failed", SOON)
    }

    /// Puts it into maintenance.
    pub fn put_into_maintenance(&self) -> Result<()> {
        succeeds(self.ask("PUT", "/maintenance", Some(&json!({})))?).map(drop)
    }

    /// Deletes it, whatever its state, so that another scenario can have its machine.
    pub fn delete(&self) -> Result<()> {
        self.put_into_maintenance()?;
        succeeds(self.ask("DELETE", "", None)?).with_context(|| format!("{}: delete", self.name)).map(drop)
    }

    /// Plays the ramdisk of a node whose run waits: posts what it would have found.
    pub fn post(&self) -> Result<()> {
        let macs: Vec<String> = self.nics.iter().map(|nic| nic.mac.clone()).collect();
        self.post_this(&ramdisk::inventory(&macs))
    }

    /// The same with another body.
    pub fn post_this(&self, body: &Value) -> Result<()> {
        let mac = &self.nics.first().context("a node without a NIC")?.mac;
        let callback = ramdisk::callback(self.cloud.lab, mac, &left::address(self)?)?;
        ramdisk::post(self.cloud.lab, &callback, body).map(drop)
    }

    /// The inventory that arrived.
    pub fn inventory(&self) -> Result<Value> {
        Ok(succeeds(self.ask("GET", "/inventory", None)?)?["inventory"].take())
    }

    /// The events of its last run, in their order.
    pub fn events(&self) -> Result<Vec<String>> {
        let timeline = succeeds(self.ask("GET", "/timeline", None)?)?;
        let events = timeline["events"].as_array().into_iter().flatten();
        Ok(events.filter_map(|event| Some(event["event"].as_str()?.to_owned())).collect())
    }
}

/// The MAC address of the node without a machine that has this number.
pub fn mac_of(number: u8) -> String {
    format!("52:54:00:ab:02:{number:02x}")
}

/// `driver_info` for another image than that of all nodes.
pub fn boots(image: &Image) -> Value {
    let url = |path: &std::path::Path| format!("file://{}", path.display());
    json!({"deploy_kernel": url(&image.kernel), "deploy_ramdisk": url(&image.ramdisk)})
}

/// The body of an answer that must be a success.
pub fn succeeds(answer: Answer) -> Result<Value> {
    ensure!((200..300).contains(&answer.status), "{} {}", answer.status, answer.body);
    Ok(answer.body)
}

/// `more` over `base`; objects in both are merged.
fn merged(mut base: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        let inner = merged_value(base[key].take(), value);
        base[key] = inner;
    }
    base
}

fn merged_value(base: Value, more: &Value) -> Value {
    if base.is_object() { merged(base, more) } else { more.clone() }
}
