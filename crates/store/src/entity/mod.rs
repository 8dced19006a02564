//! The rows as the database holds them; nothing outside this crate sees them.

pub mod assay_meta;
pub mod bodies;
pub mod boot_records;
pub mod bytes;
pub mod conductors;
pub mod dhcp_leases;
pub mod history;
pub mod inspections;
pub mod nodes;
pub mod portgroups;
pub mod ports;
pub mod runs;
pub mod timeline;
