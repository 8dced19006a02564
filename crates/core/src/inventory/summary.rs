//! An inventory in lines that a person reads at a terminal.

use std::net::IpAddr;

use super::{Cpu, Disk, Interface, Inventory, Memory, SystemVendor};

/// Labels and values, in the order of reading. What is not known is left out.
#[must_use]
pub fn summary(inventory: &Inventory) -> Vec<(String, String)> {
    let mut lines = vec![
        ("System".to_owned(), system(&inventory.system_vendor)),
        ("Firmware".to_owned(), firmware(inventory)),
        ("CPU".to_owned(), cpu(&inventory.cpu)),
        ("Memory".to_owned(), memory(&inventory.memory)),
    ];
    lines.extend(inventory.disks.iter().map(|disk| (label("Disk", disk.name.as_deref()), disk_line(disk))));
    lines.extend(inventory.interfaces.iter().map(|nic| {
        let booted = nic.mac.is_some() && nic.mac == inventory.boot.pxe_mac;
        (label("NIC", nic.name.as_deref()), nic_line(nic, booted))
    }));
    let bmc: Vec<_> = inventory.bmc_addresses().map(|address| address.to_string()).collect();
    lines.push(("BMC".to_owned(), bmc.join(", ")));
    lines.retain(|(_, value)| !value.is_empty());
    lines
}

/// `20.0 GiB`; the unit is the largest of which there is at least one.
#[must_use]
pub fn human_size(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => format!("{:.1} {unit}", bytes as f64 / (1_u64 << shift) as f64),
        None => format!("{bytes} B"),
    }
}

fn label(kind: &str, name: Option<&str>) -> String {
    let name = name.unwrap_or("?");
    format!("{kind} {}", name.strip_prefix("/dev/").unwrap_or(name))
}

fn join(separator: &str, parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(separator)
}

fn system(vendor: &SystemVendor) -> String {
    let name = join(" ", [vendor.manufacturer.clone(), vendor.product_name.clone()]);
    let serial = vendor.serial_number.as_ref().map(|serial| format!("serial {serial}"));
    join(", ", [(!name.is_empty()).then_some(name), serial])
}

fn firmware(inventory: &Inventory) -> String {
    let vendor = &inventory.system_vendor;
    let name = join(" ", [vendor.firmware_vendor.clone(), vendor.firmware_version.clone()]);
    let date = vendor.firmware_date.as_ref().map(|date| format!("of {date}"));
    let mode = inventory.boot.mode.map(|mode| format!("{} boot", mode.as_str().to_uppercase()));
    join(", ", [(!name.is_empty()).then_some(name), date, mode])
}

fn cpu(cpu: &Cpu) -> String {
    let count = cpu.count.map(|count| format!("{count} ×"));
    let model = join(" ", [count, cpu.model_name.clone()]);
    let sockets =
        cpu.socket_count.map(|count| if count == 1 { "1 socket".to_owned() } else { format!("{count} sockets") });
    join(", ", [(!model.is_empty()).then_some(model), sockets, cpu.architecture.clone()])
}

fn memory(memory: &Memory) -> String {
    let physical = memory.physical_mb.and_then(|mebibytes| mebibytes.checked_mul(1 << 20)).map(human_size);
    let usable = memory.total.map(|total| format!("{} usable", human_size(total)));
    join(", ", [physical, usable])
}

fn disk_line(disk: &Disk) -> String {
    let kind = match (disk.rotational, disk.name.as_deref()) {
        (Some(false), Some(name)) if name.contains("nvme") => Some("NVMe"),
        (Some(false), _) => Some("SSD"),
        (Some(true), _) => Some("HDD"),
        (None, _) => None,
    };
    let size = join(" ", [disk.size.map(human_size), kind.map(str::to_owned)]);
    let model = join(" ", [disk.vendor.clone(), disk.model.clone()]);
    let serial = disk.serial.as_ref().map(|serial| format!("serial {serial}"));
    join(", ", [(!size.is_empty()).then_some(size), (!model.is_empty()).then_some(model), serial])
}

fn nic_line(nic: &Interface, booted: bool) -> String {
    let link = nic.has_carrier.map(|up| match (up, nic.speed_mbps) {
        (true, Some(mbps)) => format!("link up at {}", speed(mbps)),
        (true, None) => "link up".to_owned(),
        (false, _) => "no link".to_owned(),
    });
    join(
        ", ",
        [
            nic.mac.map(|mac| mac.to_string()),
            nic.ipv4.map(|ip| ip.to_string()),
            // A link-local address says nothing that the MAC address does not.
            nic.ipv6.filter(|ip| !is_link_local(*ip)).map(|ip| ip.to_string()),
            link,
            nic.driver.clone(),
            booted.then(|| "booted from".to_owned()),
        ],
    )
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

fn speed(mbps: u64) -> String {
    if mbps >= 1000 && mbps.is_multiple_of(1000) { format!("{} Gb/s", mbps / 1000) } else { format!("{mbps} Mb/s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::body;

    fn text(name: &str) -> String {
        summary(&body(name).view).iter().map(|(label, value)| format!("{label}: {value}\n")).collect()
    }

    #[test]
    fn a_real_machine_in_lines() {
        assert_eq!(
            text("bios-virtio-full"),
            "System: LabCorp LabServer, serial LAB0001\n\
             Firmware: SeaBIOS 1.16.2-debian-1.16.2-1, of 04/01/2014, BIOS boot\n\
             CPU: 2 × QEMU Virtual CPU version 2.5+, 1 socket, x86_64\n\
             Memory: 2.0 GiB, 1.9 GiB usable\n\
             Disk sda: 20.0 GiB HDD, ATA QEMU HARDDISK, serial DISK0001\n\
             NIC enp0s2: 52:54:00:ab:00:01, 172.22.100.90, fd00:100::5054:ff:feab:1, link up, virtio_net, booted from\n"
        );
    }

    #[test]
    fn a_big_machine_shows_its_disks_and_links() {
        let text = text("four-nics");
        for line in
            ["CPU: 80 × Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz, 2 sockets, x86_64", "447.1 GiB NVMe", "3.5 TiB SSD"]
        {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.contains("link up at 10 Gb/s, i40e, booted from\n"), "{text}");
        assert!(text.contains("no link, i40e\n"), "{text}");
    }

    #[test]
    fn an_empty_inventory_has_no_lines() {
        assert_eq!(summary(&Inventory::default()), []);
    }

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1 << 10, "1.0 KiB"), (1536 << 20, "1.5 GiB"), (u64::MAX, "16777216.0 TiB")]
        {
            assert_eq!(human_size(bytes), text);
        }
    }
}
