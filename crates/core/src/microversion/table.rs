//! Since which microversion each field, verb, query argument and endpoint exists.
//!
//! **Invariant:** this table is the only place that knows a microversion number.

use std::fmt;

use crate::{
    node::InterfaceKind,
    provision::{ProvisionState, Verb},
};

/// Makes an enum of API names, each with the microversion since which it exists.
macro_rules! since_table {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal $since:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[allow(missing_docs, reason = "the names are the API's own")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant,)+ }

        impl $name {
            /// Every value, in the order in which the API lists them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The API's exact text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The minor version since which it exists.
            #[must_use]
            pub const fn since(self) -> u16 {
                match self { $(Self::$variant => $since,)+ }
            }

            /// Reads the API's exact text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

since_table! {
    /// The fields of a node in API answers.
    NodeField {
        Uuid = "uuid" 1, CreatedAt = "created_at" 1, UpdatedAt = "updated_at" 1,
        AutomatedClean = "automated_clean" 47, BiosInterface = "bios_interface" 40,
        BootInterface = "boot_interface" 31, BootMode = "boot_mode" 75, CleanStep = "clean_step" 7,
        ConductorGroup = "conductor_group" 46, ConsoleEnabled = "console_enabled" 1,
        ConsoleInterface = "console_interface" 31, DisablePowerOff = "disable_power_off" 95,
        DeployInterface = "deploy_interface" 31, DeployStep = "deploy_step" 44,
        Description = "description" 51, Driver = "driver" 1, DriverInfo = "driver_info" 1,
        DriverInternalInfo = "driver_internal_info" 3, Extra = "extra" 1, Fault = "fault" 42,
        FirmwareInterface = "firmware_interface" 86, InspectionFinishedAt = "inspection_finished_at" 6,
        InspectionStartedAt = "inspection_started_at" 6, InspectInterface = "inspect_interface" 31,
        InstanceInfo = "instance_info" 1, InstanceUuid = "instance_uuid" 1, LastError = "last_error" 1,
        Lessee = "lessee" 65, Maintenance = "maintenance" 1, MaintenanceReason = "maintenance_reason" 1,
        ManagementInterface = "management_interface" 31, Name = "name" 5, NetworkData = "network_data" 66,
        NetworkInterface = "network_interface" 20, Owner = "owner" 50, ParentNode = "parent_node" 83,
        PowerInterface = "power_interface" 31, PowerState = "power_state" 1, Properties = "properties" 1,
        Protected = "protected" 48, ProtectedReason = "protected_reason" 48,
        ProvisionState = "provision_state" 1, ProvisionUpdatedAt = "provision_updated_at" 1,
        RaidConfig = "raid_config" 12, RaidInterface = "raid_interface" 31,
        RescueInterface = "rescue_interface" 38, Reservation = "reservation" 1,
        ResourceClass = "resource_class" 21, Retired = "retired" 61, RetiredReason = "retired_reason" 61,
        SecureBoot = "secure_boot" 75, ServiceStep = "service_step" 87, Shard = "shard" 82,
        StorageInterface = "storage_interface" 33, TargetPowerState = "target_power_state" 1,
        TargetProvisionState = "target_provision_state" 1, TargetRaidConfig = "target_raid_config" 12,
        Traits = "traits" 37, VendorInterface = "vendor_interface" 31, Links = "links" 1,
        Conductor = "conductor" 49, AllocationUuid = "allocation_uuid" 52, ChassisUuid = "chassis_uuid" 1,
        Ports = "ports" 1, States = "states" 14, Portgroups = "portgroups" 24, Volume = "volume" 32,
    }
}

impl NodeField {
    /// The kind of interface whose implementation the field names.
    #[must_use]
    pub const fn interface(self) -> Option<InterfaceKind> {
        Some(match self {
            Self::BiosInterface => InterfaceKind::Bios,
            Self::BootInterface => InterfaceKind::Boot,
            Self::ConsoleInterface => InterfaceKind::Console,
            Self::DeployInterface => InterfaceKind::Deploy,
            Self::FirmwareInterface => InterfaceKind::Firmware,
            Self::InspectInterface => InterfaceKind::Inspect,
            Self::ManagementInterface => InterfaceKind::Management,
            Self::NetworkInterface => InterfaceKind::Network,
            Self::PowerInterface => InterfaceKind::Power,
            Self::RaidInterface => InterfaceKind::Raid,
            Self::RescueInterface => InterfaceKind::Rescue,
            Self::StorageInterface => InterfaceKind::Storage,
            Self::VendorInterface => InterfaceKind::Vendor,
            _ => return None,
        })
    }
}

since_table! {
    /// The fields of a port in API answers.
    PortField {
        Uuid = "uuid" 1, CreatedAt = "created_at" 1, UpdatedAt = "updated_at" 1, Address = "address" 1,
        Extra = "extra" 1, InternalInfo = "internal_info" 18, IsSmartnic = "is_smartnic" 53,
        LocalLinkConnection = "local_link_connection" 19, PhysicalNetwork = "physical_network" 34,
        PxeEnabled = "pxe_enabled" 19, NodeUuid = "node_uuid" 1, Name = "name" 88, Links = "links" 1,
        PortgroupUuid = "portgroup_uuid" 24,
    }
}

since_table! {
    /// The fields of a port group in API answers.
    PortgroupField {
        Uuid = "uuid" 23, CreatedAt = "created_at" 23, UpdatedAt = "updated_at" 23, Address = "address" 23,
        Extra = "extra" 23, InternalInfo = "internal_info" 23, Mode = "mode" 26, Name = "name" 23,
        Properties = "properties" 26, StandalonePortsSupported = "standalone_ports_supported" 23,
        NodeUuid = "node_uuid" 23, Links = "links" 23, Ports = "ports" 23,
    }
}

since_table! {
    /// The query arguments of `GET /v1/nodes`.
    NodeQuery {
        Limit = "limit" 1, Marker = "marker" 1, SortKey = "sort_key" 1, SortDir = "sort_dir" 1,
        Fields = "fields" 8, Detail = "detail" 1, ChassisUuid = "chassis_uuid" 1,
        InstanceUuid = "instance_uuid" 1, Associated = "associated" 1, Maintenance = "maintenance" 1,
        ProvisionState = "provision_state" 9, Driver = "driver" 16, ResourceClass = "resource_class" 21,
        Fault = "fault" 42, ConductorGroup = "conductor_group" 46, Conductor = "conductor" 49,
        Owner = "owner" 50, DescriptionContains = "description_contains" 51, Retired = "retired" 61,
        Lessee = "lessee" 65, Shard = "shard" 82, Sharded = "sharded" 82, ParentNode = "parent_node" 83,
        IncludeChildren = "include_children" 83,
    }
}

since_table! {
    /// The query arguments of `GET /v1/ports`.
    PortQuery {
        Limit = "limit" 1, Marker = "marker" 1, SortKey = "sort_key" 1, SortDir = "sort_dir" 1,
        Fields = "fields" 8, Detail = "detail" 1, Node = "node" 6, NodeUuid = "node_uuid" 1,
        Address = "address" 1, Portgroup = "portgroup" 24, Shard = "shard" 82,
    }
}

since_table! {
    /// The query arguments of `GET /v1/portgroups`.
    PortgroupQuery {
        Limit = "limit" 23, Marker = "marker" 23, SortKey = "sort_key" 23, SortDir = "sort_dir" 23,
        Fields = "fields" 23, Detail = "detail" 23, Node = "node" 23, Address = "address" 23,
    }
}

since_table! {
    /// Endpoints that are younger than the API itself.
    Endpoint {
        Chassis = "chassis" 1, Console = "states/console" 1, VendorPassthru = "vendor_passthru" 1,
        NodeName = "names of nodes in paths" 5, RaidConfig = "states/raid" 12, Lookup = "lookup" 22,
        Heartbeat = "heartbeat" 22, Portgroups = "portgroups" 23, NodePortgroups = "nodes/portgroups" 24,
        PortgroupPorts = "portgroups/ports" 24, SoftPower = "soft power actions" 27, Vifs = "vifs" 28,
        InjectNmi = "inject_nmi" 29, DriverDetail = "drivers?detail" 30, Volume = "volume" 32, Traits = "traits" 37,
        Bios = "bios" 40, ResetInterfaces = "reset_interfaces" 45, Conductors = "conductors" 49,
        Allocations = "allocations" 52, Events = "events" 54, DeployTemplates = "deploy_templates" 55,
        Indicators = "indicators" 63, BootMode = "states/boot_mode" 76, History = "history" 78,
        Inventory = "inventory" 81, Shards = "shards" 82, Children = "children" 83,
        ContinueInspection = "continue_inspection" 84, Firmware = "firmware" 86, PortName = "names of ports in paths" 88,
        VirtualMedia = "vmedia" 89, Runbooks = "runbooks" 92, VirtualMediaRead = "GET vmedia" 93, PortNodeIdent = "node_ident" 94,
    }
}

/// How a request with a too old version is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooOld {
    /// 406.
    NotAcceptable,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
}

impl Endpoint {
    /// How `method` is refused below [`since`](Self::since); clients' test suites assert it.
    #[must_use]
    pub fn too_old(self, method: &str) -> TooOld {
        match (self, method) {
            (Self::Traits, "PUT") => TooOld::MethodNotAllowed,
            (Self::Allocations | Self::DeployTemplates | Self::Runbooks, "POST" | "PATCH" | "DELETE") => {
                TooOld::MethodNotAllowed
            }
            (Self::Traits, "DELETE") => TooOld::NotFound,
            (
                Self::Traits
                | Self::RaidConfig
                | Self::SoftPower
                | Self::DriverDetail
                | Self::ResetInterfaces
                | Self::PortNodeIdent,
                _,
            ) => TooOld::NotAcceptable,
            _ => TooOld::NotFound,
        }
    }
}

/// The minor version since which `verb` may be asked of a node in `state`.
#[must_use]
pub const fn verb_since(verb: Verb, state: ProvisionState) -> u16 {
    match (verb, state) {
        (Verb::Abort, ProvisionState::InspectWait) => 41,
        (Verb::Abort, _) => 13,
        (Verb::Manage | Verb::Provide, _) => 4,
        (Verb::Inspect, _) => 6,
        (Verb::Clean, _) => 15,
        (Verb::Adopt, _) => 17,
        (Verb::Rescue | Verb::Unrescue, _) => 38,
        (Verb::Unhold, _) => 85,
        (Verb::Service, _) => 87,
        (Verb::Active | Verb::Deploy | Verb::Rebuild | Verb::Deleted | Verb::Undeploy, _) => 1,
    }
}

/// What changed its behaviour, rather than its existence, at some version.
pub mod behaviour {
    /// A node that has left cleaning is shown as `available`; as null before.
    pub const AVAILABLE_STATE: u16 = 2;
    /// Names of nodes may hold any unreserved character; only host names before.
    pub const NAME_ANY_UNRESERVED: u16 = 10;
    /// A new node starts in `enroll`; in `available` before.
    pub const ENROLL_STATE: u16 = 11;
    /// Drivers link to their properties.
    pub const DRIVER_PROPERTIES_LINK: u16 = 14;
    /// `inspect wait` is shown; `inspecting` before. Changing an `inspecting` node is refused.
    pub const INSPECT_WAIT_STATE: u16 = 39;
    /// Lists have the argument `detail`. It is known before, and wrong.
    pub const DETAIL_OF_LISTS: u16 = 43;
    /// The `.json` ending of a path belongs to a name; it is cut off before.
    pub const JSON_SUFFIX_IS_A_NAME: u16 = 91;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_kind_has_a_node_field() {
        for kind in InterfaceKind::ALL {
            let field = NodeField::parse(&kind.field());
            assert_eq!(field.and_then(NodeField::interface), Some(*kind), "{kind}");
        }
    }

    #[test]
    fn a_too_old_version_is_refused_in_the_way_of_its_family() {
        for (endpoint, method, expected) in [
            (Endpoint::Inventory, "GET", TooOld::NotFound),
            (Endpoint::RaidConfig, "PUT", TooOld::NotAcceptable),
            (Endpoint::PortgroupPorts, "GET", TooOld::NotFound),
            (Endpoint::Traits, "GET", TooOld::NotAcceptable),
            (Endpoint::Traits, "PUT", TooOld::MethodNotAllowed),
            (Endpoint::Traits, "DELETE", TooOld::NotFound),
            (Endpoint::Allocations, "GET", TooOld::NotFound),
            (Endpoint::Allocations, "POST", TooOld::MethodNotAllowed),
        ] {
            assert_eq!(endpoint.too_old(method), expected, "{method} {endpoint}");
        }
    }

    #[test]
    fn abort_of_a_waiting_inspection_is_younger_than_abort() {
        assert_eq!(verb_since(Verb::Abort, ProvisionState::InspectWait), 41);
        assert_eq!(verb_since(Verb::Abort, ProvisionState::CleanWait), 13);
    }
}
