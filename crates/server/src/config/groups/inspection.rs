//! How nodes are inspected: `[conductor]`, `[inspector]`.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, time::Duration};

use assay_core::{
    hooks::{AddPorts, KeepPorts, PhysicalNetworkMap, Pipeline},
    kernel::KernelParams,
};

use crate::config::options::options;

options! {
    /// The conductor: deadlines, power, images.
    Conductor = "conductor" {
        /// How long a node may stay in `inspect wait`; 0 means a day.
        inspect_wait_timeout: Duration = "1800", range 0..=31_536_000, formerly "inspect_timeout";
        /// How long a BMC has to show a new power state.
        power_state_change_timeout: Duration = "60", range 2..=86_400;
        /// How long an operating system has to shut down.
        soft_power_off_timeout: Duration = "600", range 1..=86_400;
        /// How often each node's BMC is asked whether the machine is on; 0: never.
        sync_power_state_interval: Duration = "60", range 0..=86_400;
        /// How many BMCs are asked at once; those that have just failed have as many workers of their own.
        sync_power_state_workers: usize = "8", range 1..=1000;
        /// Whether a machine that is on or off against the database's word is brought back; else the database follows.
        force_power_state_during_sync: bool = "true";
        /// How often in a row that may go wrong before the node goes into maintenance.
        power_state_sync_max_retries: u32 = "3", range 0..=1000;
        /// How often the BMCs of such nodes are asked whether they are well again; 0: never.
        power_failure_recovery_interval: Duration = "300", range 0..=86_400;
        /// How often a request to a locked node is tried again before it is refused.
        node_locked_retry_attempts: u32 = "3", range 0..=1000;
        /// The pause between those tries.
        node_locked_retry_interval: Duration = "1", range 0..=3600;
        /// How often this conductor says that it is alive.
        heartbeat_interval: Duration = "10", range 1..=3600;
        /// A conductor that was not heard of for so long is not alive.
        heartbeat_timeout: Duration = "60", range 2..=86_400;
        /// How many entries of history a node keeps.
        node_history_max_entries: u64 = "300", range 0..=1_000_000;
        /// The group of nodes that this conductor serves.
        conductor_group: String = "";
        /// The kernel of the inspection ramdisk (`file:///…`, `http://…` or `https://…`) for nodes
        /// that name none in `driver_info`.
        deploy_kernel: Option<String>;
        /// The inspection ramdisk for nodes that name none in `driver_info`.
        deploy_ramdisk: Option<String>;
        /// The kernel by the `cpu_arch` of a node.
        deploy_kernel_by_arch: BTreeMap<String, String>;
        /// The ramdisk by the `cpu_arch` of a node.
        deploy_ramdisk_by_arch: BTreeMap<String, String>;
        /// The folders from which `file://` images may come; links are resolved first.
        file_url_allowed_paths: Vec<PathBuf> = "$assay.state_path/images,/var/lib/ironic,/shared/html,/templates,/opt/cache/files,/vagrant";
        /// Whether nodes in `available` may be deleted.
        allow_deleting_available_nodes: bool = "true";
    }
}

options! {
    /// The introspection API, which is ironic-inspector's.
    InspectorService = "inspector_service" {
        /// The address to listen on.
        listen_address: IpAddr = "$api.host_ip";
        /// The port to listen on.
        listen_port: u16 = "5050";
        /// How long an introspection that was started here may wait for its ramdisk; 0 means a day.
        timeout: Duration = "3600", range 0..=31_536_000;
        /// The largest page of the list of introspections.
        api_max_limit: u32 = "1000", range 1..=1_000_000;
    }
}

options! {
    /// The inspection itself.
    Inspector = "inspector" {
        /// Added to the ramdisk's kernel parameters; `driver_info[inspector_extra_kernel_params]`
        /// of a node replaces it.
        extra_kernel_params: KernelParams = "";
        /// Switch nodes off after the inspection.
        power_off: bool = "true";
        /// How long an introspection service may take to answer.
        timeout: Duration = "30", range 1..=30;
        /// How often it is asked whether it has finished with a node; 0: never.
        status_check_period: Duration = "5", range 0..=3600;
        /// What the callback's URL starts with. Unset: `endpoint_override` or the catalog's URL of the
        /// introspection service, if a ramdisk can reach that, or `[deploy] http_url`.
        callback_endpoint_override: Option<String>;
        /// Refuse nodes that Assay can't boot itself, rather than waiting for somebody to boot
        /// them. Unset: `true` for the inspect interface `agent`.
        require_managed_boot: Option<bool>;
        /// Which NICs of the inventory become ports.
        add_ports: AddPorts = "pxe";
        /// Which ports stay after the inspection.
        keep_ports: KeepPorts = "all";
        /// Set `pxe_enabled` of ports by whether their NIC was booted from.
        update_pxe_enabled: bool = "true";
        /// What `$default_hooks` stands for in `hooks`.
        default_hooks: String = "ramdisk-error,validate-interfaces,ports,architecture";
        /// The hooks that process an inventory, in their order. With `local-link-connection` or `parse-lldp`
        /// among them the ramdisk is told to listen for LLDP.
        hooks: Pipeline = "$default_hooks";
        /// Which physical network the NICs with an address of a network are on, for the hook
        /// `physical-network`; the first that holds the address counts.
        physical_network_cidr_map: PhysicalNetworkMap = "";
        /// Create ports from the BMC's list of NICs before the ramdisk is booted.
        pre_create_ports: bool = "true";
        /// Leave one GiB for partitioning in `local_gb`.
        disk_partitioning_spacing: bool = "true";
    }
}
