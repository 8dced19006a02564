//! The emulated machines, as libvirt describes them.

use std::path::Path;

/// What a machine's firmware is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS with QEMU's network ROM, which is iPXE already.
    Bios,
    /// OVMF, whose PXE client loads iPXE over TFTP.
    Uefi,
}

/// An emulated machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The name of the machine, and of its switch port.
    pub name: String,
    /// Its place in the lab, which gives its addresses.
    pub number: u8,
    /// Its firmware.
    pub firmware: Firmware,
    /// Its memory, in MiB.
    pub memory: u32,
    /// Whether it has a second network interface.
    pub second_nic: bool,
}

/// A network interface of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nic {
    /// The switch's port that it is plugged into.
    pub port: String,
    /// Its MAC address.
    pub mac: String,
}

impl Machine {
    /// A machine that boots the tiny ramdisk.
    pub fn small(number: u8, firmware: Firmware) -> Self {
        Self { name: format!("node{number}"), number, firmware, memory: 256, second_nic: false }
    }

    /// A machine that boots the stock ironic-python-agent.
    pub fn large(number: u8, firmware: Firmware) -> Self {
        Self { memory: 1536, ..Self::small(number, firmware) }
    }

    /// The same machine with a second network interface.
    pub fn with_second_nic(self) -> Self {
        Self { second_nic: true, ..self }
    }

    /// The machine's UUID, which is its Redfish system's id.
    pub fn uuid(&self) -> String {
        format!("11111111-2222-3333-4444-{:012}", self.number)
    }

    /// The MAC address of its first network interface, from which it boots.
    pub fn mac(&self) -> String {
        format!("52:54:00:ab:00:{:02x}", self.number)
    }

    /// Its network interfaces.
    pub fn nics(&self) -> Vec<Nic> {
        let first = Nic { port: self.name.clone(), mac: self.mac() };
        let second = Nic { port: format!("{}b", self.name), mac: format!("52:54:00:ab:01:{:02x}", self.number) };
        if self.second_nic { vec![first, second] } else { vec![first] }
    }

    /// The machine for libvirt. It is emulated (TCG) even where a KVM device exists: the device does not mean that KVM works.
    pub fn xml(&self, folder: &Path) -> String {
        let Self { name, number, memory, .. } = self;
        let (uuid, folder) = (self.uuid(), folder.display());
        // QEMU's ROM for the NIC is iPXE: without it, OVMF's own PXE client has to load iPXE over TFTP.
        let (loader, rom) = match self.firmware {
            Firmware::Bios => (String::new(), ""),
            Firmware::Uefi => (
                format!(
                    "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>\
                     <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>{folder}/{name}.nvram</nvram>"
                ),
                "<rom enabled='no'/>",
            ),
        };
        let interfaces: String = self.nics().iter().map(|nic| interface(nic, rom)).collect();
        format!(
            "<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid>
<memory unit='MiB'>{memory}</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type>{loader}<boot dev='hd'/><smbios mode='sysinfo'/><bios useserial='yes'/></os>
<sysinfo type='smbios'><system>
 <entry name='manufacturer'>Assay</entry><entry name='product'>Emulated server</entry>
 <entry name='serial'>LAB{number:04}</entry><entry name='uuid'>{uuid}</entry></system></sysinfo>
<features><acpi/><apic/></features>
<cpu mode='custom' match='exact'><model>qemu64</model></cpu>
<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
 <controller type='scsi' index='0' model='virtio-scsi'/>
 <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{folder}/{name}.qcow2'/>
  <target dev='sda' bus='scsi'/><serial>DISK{number:04}</serial><wwn>5000c5001234{number:04}</wwn></disk>
{interfaces} <serial type='file'><source path='{folder}/{name}-console.log'/><target port='0'/></serial>
 <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
</devices></domain>
"
        )
    }
}

/// The offloads are off, since the switch reads the tap as a raw socket and drops what they produce.
fn interface(nic: &Nic, rom: &str) -> String {
    let Nic { port, mac } = nic;
    format!(
        " <interface type='ethernet'><mac address='{mac}'/><target dev='{port}' managed='no'/><model type='virtio'/>{rom}
  <driver><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/>
   <guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver></interface>\n"
    )
}
