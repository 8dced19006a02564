//! The inspection network: `[neutron]` beside how Neutron is reached, and `[dhcp]`.

use std::time::Duration;

use crate::config::{options::options, own_values::choices};

choices! {
    /// Who gives the NICs their addresses.
    Provider {
        /// Somebody who is told nothing by Assay.
        None = "none",
        /// Neutron, which is told the boot options with each port.
        Neutron = "neutron",
    }
}

options! {
    /// The ports that are made for inspections.
    Network = "neutron" {
        /// The name or UUID of the network on which nodes with the network interface `flat` or `neutron`
        /// are inspected; `driver_info[inspection_network]` of a node wins. Unset: such nodes are not
        /// managed unless they name one.
        inspection_network: Option<String>;
        /// Security groups of the inspection ports, by name or UUID.
        inspection_network_security_groups: Vec<String> = "";
        /// Put NICs that are not booted from on the inspection network, too.
        add_all_ports: bool = "false";
        /// Give the ports of a port group one Neutron port with the links of all of them, as tenant networks
        /// have it, so that the switch bonds them. Otherwise each has one of its own.
        bind_port_groups: bool = "false";
        /// With the network interface `neutron`, fail the inspection when a switch does not take a port;
        /// `driver_info[fail_on_binding_failure]` of a node wins.
        fail_on_port_binding_failure: bool = "true";
        /// How many addresses a NIC gets from a subnet with stateful DHCPv6: firmware, loader and
        /// ramdisk may each count as another client.
        dhcpv6_stateful_address_count: usize = "4", range 1..=32;
        /// Let the network interface `neutron` move the NICs of nodes with `disable_power_off`, which run
        /// meanwhile.
        allow_disabling_power_off: bool = "false";
        /// How long switches need after they have moved a port.
        port_setup_delay: Duration = "0", range 0..=60;
    }
}

options! {
    /// Who gives the NICs their addresses.
    Dhcp = "dhcp" {
        /// Unset: Neutron for the network interfaces `flat` and `neutron`, the embedded server for `noop`.
        dhcp_provider: Option<Provider>;
    }
}
