//! Every option that this version acts on, one table for each group of the file.

pub mod boot;
pub mod inspection;
pub mod interfaces;
pub mod network;
pub mod openstack;
pub mod service;

pub use boot::{Deploy, Ipmi, Pxe, Redfish};
pub use inspection::{Conductor, Inspector, InspectorService};
pub use interfaces::{Fake, Interfaces};
pub use network::{Dhcp, Network};
pub use openstack::{InspectorAccess, Neutron, NeutronAccess};
pub use service::{Api, Assay, Database, General};
