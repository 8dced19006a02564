//! The `noop` network interface: the NICs stay where they are plugged in.

use assay_core::boot::DhcpProvider;
use async_trait::async_trait;

use crate::{
    error::DriverError,
    interface::{InspectionPorts, NetworkInterface, Task},
};

/// Moves no port. An inspection is managed all the same, since our own DHCP, TFTP and HTTP answer
/// the node's NICs; nothing is isolated.
#[derive(Debug, Default)]
pub struct NoopNetwork {
    /// `[dhcp] dhcp_provider`.
    pub dhcp: Option<DhcpProvider>,
}

#[async_trait]
impl NetworkInterface for NoopNetwork {
    async fn validate_inspection(&self, task: &Task) -> Result<InspectionPorts, DriverError> {
        if self.dhcp == Some(DhcpProvider::Neutron) && !task.boots_from_media {
            let text = "The network interface noop makes no Neutron port that could hold DHCP options: set [dhcp] \
                        dhcp_provider to none or leave it out, or give the node another network interface";
            return Err(DriverError::InvalidParameterValue(text.to_owned()));
        }
        Ok(InspectionPorts::default())
    }

    fn dhcp(&self) -> DhcpProvider {
        self.dhcp.unwrap_or_default()
    }

    fn isolates(&self) -> bool {
        false
    }
}
