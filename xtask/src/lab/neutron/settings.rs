//! The configuration files of Keystone, Neutron, RabbitMQ and the switch's command line: those in `lab/neutron`, with this lab's
//! paths and names put in.

use std::env;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{DEAD_SWITCH, DEAD_SWITCH_ID, IDENTITY, PASSWORD, REGION, SWITCH, SWITCH_ID, TENANT_TAG};
use crate::lab::{Lab, switch};
use crate::project::{Project, read, write};
use crate::setup::python;

const TEMPLATES: &[&str] = &[
    "keystone/keystone.conf",
    "neutron.conf",
    "ml2.ini",
    "ovs-agent.ini",
    "dhcp-agent.ini",
    "rabbitmq.conf",
    "sshd_config",
];

/// Where the cloud of a lab has its things.
#[derive(Debug)]
pub struct Place {
    /// Configuration and data, below the lab's folder.
    pub folder: PathBuf,
    /// The Python environment.
    pub tools: PathBuf,
    /// The lab's own folder, with the switch's sockets.
    pub lab: PathBuf,
}

impl Place {
    /// Makes the folder.
    pub fn new(project: &Project, lab: &Lab) -> Result<Self> {
        let folder = lab.folder.join("neutron");
        for name in ["keystone", "rabbitmq", "ssh", "state"] {
            fs::create_dir_all(folder.join(name))?;
        }
        Ok(Self { folder, tools: python::neutron(project)?, lab: lab.folder.clone() })
    }

    /// A configuration file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A program of the Python environment.
    pub fn program(&self, lab: &Lab, name: &str) -> Command {
        self.with_path(lab.command(self.tools.join("bin").join(name)))
    }

    /// A shell that finds the environment's programs.
    pub fn shell(&self, lab: &Lab) -> Command {
        self.with_path(lab.command("sh"))
    }

    /// The programs start others of the environment; without its byte code, each would start seconds later.
    fn with_path(&self, mut program: Command) -> Command {
        let path = env::var("PATH").unwrap_or_default();
        program.env("PATH", format!("{}/bin:{path}", self.tools.display())).env_remove("PYTHONDONTWRITEBYTECODE");
        program
    }
}

/// Writes all configuration files.
pub fn write_all(project: &Project, place: &Place) -> Result<()> {
    for name in TEMPLATES {
        let template = read(&project.lab_file("neutron").join(name))?;
        write(&place.file(name), &fill(&template, place))?;
    }
    write(&place.file("rabbitmq-plugins"), "[].\n")
}

fn fill(template: &str, place: &Place) -> String {
    let values = [
        ("{folder}", place.folder.to_string_lossy().into_owned()),
        ("{tools}", place.tools.to_string_lossy().into_owned()),
        ("{lab}", place.lab.to_string_lossy().into_owned()),
        ("{identity}", IDENTITY.to_owned()),
        ("{password}", PASSWORD.to_owned()),
        ("{region}", REGION.to_owned()),
        ("{switch}", SWITCH.to_owned()),
        ("{switch_id}", SWITCH_ID.to_owned()),
        ("{dead_switch}", DEAD_SWITCH.to_owned()),
        ("{dead_switch_id}", DEAD_SWITCH_ID.to_owned()),
        ("{tenant}", TENANT_TAG.to_string()),
        ("{provider_bridge}", switch::PROVIDER_BRIDGE.to_owned()),
        ("{integration_bridge}", switch::INTEGRATION_BRIDGE.to_owned()),
    ];
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// Makes the keys with which Keystone signs tokens and seals credentials: 32 random bytes each, in base64url.
pub fn keystone_keys(place: &Place) -> Result<()> {
    for name in ["fernet-keys/0", "fernet-keys/1", "credential-keys/0", "credential-keys/1"] {
        let mut bytes = [0; 32];
        fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let path = place.folder.join("keys").join(name);
        fs::create_dir_all(path.parent().context("a key without a folder")?)?;
        write(&path, &base64url(&bytes))?;
    }
    Ok(())
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, byte| group << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[group >> (18 - 6 * place) & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn keys_are_base64url_with_padding() {
        assert_eq!(base64url(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
        assert_eq!(base64url(&[0xfb, 0xff, 0xbf]), "-_-_");
    }
}
