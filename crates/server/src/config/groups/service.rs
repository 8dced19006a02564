//! The service itself: `[DEFAULT]`, `[api]`, `[assay]`, `[database]`.

use std::{net::IpAddr, net::Ipv4Addr, path::PathBuf, time::Duration};

use assay_drivers::redfish::VerifyCa;

use crate::config::{
    options::options,
    own_values::{AddressRange, choices},
};

choices! {
    /// How clients of the API show who they are.
    AuthStrategy {
        /// They don't.
        Noauth = "noauth",
        /// HTTP basic authentication against a file of bcrypt hashes.
        HttpBasic = "http_basic",
        /// Keystone tokens; not in this version.
        Keystone = "keystone",
    }
}

choices! {
    /// What the embedded DHCP server hands out.
    DhcpMode {
        /// Addresses and boot options.
        Full = "full",
        /// Boot options only; another server gives the addresses.
        Proxy = "proxy",
    }
}

choices! {
    /// Whether the callback path without a run's secret is served.
    PlainCallback {
        /// Where a run was started in a way that can't carry the secret.
        Auto = "auto",
        /// Never.
        Off = "off",
    }
}

choices! {
    /// Which introspection service the inspect interface `inspector` goes by.
    Inspector {
        /// The one that `[inspector] auth_type` or `endpoint_override` leads to, unless that is Assay itself.
        Auto = "auto",
        /// The one in this process.
        BuiltIn = "builtin",
        /// The one that `[inspector] auth_type` or `endpoint_override` leads to.
        External = "external",
    }
}

options! {
    /// The service as a whole.
    General = "DEFAULT" {
        /// How clients show who they are. Without authentication the API listens on 127.0.0.1
        /// only, unless `[api] host_ip` is given.
        /// Unset: `keystone` if `[keystone_authtoken]` has an `auth_url`, else `noauth`.
        auth_strategy: AuthStrategy = "noauth";
        /// The users for `auth_strategy = http_basic`: lines `name:hash` with bcrypt hashes, as
        /// `htpasswd -B` writes them.
        http_basic_auth_user_file: PathBuf = "/etc/ironic/htpasswd";
        /// Log more.
        debug: bool = "false";
        /// Append the log to this file rather than to the standard error stream.
        log_file: Option<PathBuf>;
        /// Log JSON, one object a line. Unset: JSON unless the log goes to a terminal.
        use_json: Option<bool>;
        /// This conductor's name in `reservation` and in the list of conductors.
        /// Unset: the machine's host name.
        host: String;
        /// This machine's address. Unset: the one from which it reaches others.
        my_ip: IpAddr;
        /// What `$state_path` stands for; also the default of `[assay] state_path`.
        state_path: PathBuf = "/var/lib/assay";
        /// The resource class of new nodes that have none.
        default_resource_class: Option<String>;
        /// The conductor group of new nodes that have none.
        default_conductor_group: String = "";
        /// The bonding mode of new port groups that have none.
        default_portgroup_mode: String = "active-backup";
        /// Whether web servers with images have to show a certificate of a known authority, or the
        /// file with the authorities' certificates.
        webserver_verify_ca: VerifyCa = "true";
        /// How long such a server may be silent.
        webserver_connection_timeout: Duration = "60", range 1..=3600;
        /// `last_error` and history are cut to so many characters.
        log_in_db_max_size: usize = "4096";
        /// After SIGTERM, what runs has so long to come to a safe point.
        graceful_shutdown_timeout: Duration = "60";
    }
}

options! {
    /// The bare metal API.
    Api = "api" {
        /// The address to listen on. Unset: all, or 127.0.0.1 without authentication.
        host_ip: IpAddr = "0.0.0.0";
        /// The port to listen on.
        port: u16 = "6385";
        /// The largest page of a list.
        max_limit: u32 = "1000", range 1..=1_000_000;
        /// What links in answers start with. Unset: what the client called.
        public_endpoint: Option<String>;
        /// Serve lookup, heartbeat and inspection callbacks here as well.
        enable_ramdisk_endpoints: bool = "true";
        /// JSON nested deeper than this is refused.
        max_json_body_depth: usize = "25", range 1..=128;
        /// The largest body of a request, in KiB.
        max_json_body_size: usize = "1024", range 1..=1_048_576;
        /// The largest body of a provision request, in KiB.
        max_json_body_size_provision: usize = "65536", range 1..=1_048_576;
        /// The largest inventory that a ramdisk may post, in KiB.
        max_json_body_size_inspection: usize = "16384", range 1..=1_048_576;
    }
}

options! {
    /// What only Assay has.
    Assay = "assay" {
        /// Where Assay keeps its database, its key and its images.
        state_path: PathBuf = "$DEFAULT.state_path";
        /// The key that seals BMC passwords and signs callbacks; made at the first start.
        key_file: PathBuf = "$state_path/instance.key";
        /// The address at which machines on the inspection network reach this one.
        boot_address: Ipv4Addr = "$my_ip";
        /// The port of boot files and callbacks, on `boot_address`.
        boot_port: u16 = "8080";
        /// The UDP port of the TFTP server, on `boot_address`.
        tftp_port: u16 = "69";
        /// The port of health, metrics and audit, on 127.0.0.1.
        ops_port: u16 = "9191";
        /// The network interface on which the embedded DHCP server answers the ports of nodes
        /// whose inspection waits. Unset: no DHCP socket is opened at all.
        dhcp_interface: Option<String>;
        /// The addresses that the embedded DHCP server gives.
        dhcp_range: Option<AddressRange>;
        /// The router that it names. Unset: none.
        dhcp_router: Option<Ipv4Addr>;
        /// `proxy` when another DHCP server gives the addresses.
        dhcp_mode: DhcpMode = "full";
        /// Answer iPXE's IPv6 router solicitations on `dhcp_interface`, with no route in them: without
        /// an answer it waits 13 seconds at each boot.
        router_advertisement: bool = "true";
        /// How long an address is given for.
        dhcp_lease: Duration = "600", range 60..=86_400;
        /// A folder with boot loaders, looked into before the distribution's.
        loader_dir: Option<PathBuf>;
        /// The most inspections in flight, over all conductors of a database. Those over it wait in a queue, in the state
        /// `inspect wait`: the first asked is the first of its owner to begin, and owners take turns.
        max_inspections: usize = "1000", range 1..=100_000;
        /// The most inspections that may be on their way to the ramdisk at one BMC address at once.
        max_starts_per_bmc: usize = "50", range 1..=100_000;
        /// How long an inspection waits for its turn. This time counts for no other timeout.
        queue_timeout: Duration = "86400", range 1..=2_592_000;
        /// How long the start of an inspection may take, until the machine is switched on.
        start_timeout: Duration = "600", range 1..=86_400;
        /// Which introspection service the inspect interface `inspector` goes by.
        inspector: Inspector = "auto";
        /// Whether the callback path without a run's secret is served.
        plain_callback: PlainCallback = "auto";
    }
}

options! {
    /// The database.
    Database = "database" {
        /// Where it is: an SQLite file for one conductor, or a database of its own on a PostgreSQL or MariaDB server, as in
        /// `postgresql://user:password@host/assay` or `mysql+pymysql://user:password@host/assay`, for any number of them.
        connection: assay_store::Database = "sqlite:///$assay.state_path/assay.sqlite";
    }
}
