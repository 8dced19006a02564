//! The `noop` network interface: the NICs stay where they are plugged in.

use async_trait::async_trait;

use crate::{
    error::DriverError,
    interface::{NetworkInterface, Task},
};

/// Moves no port. An inspection is managed all the same, since our own DHCP, TFTP and HTTP answer
/// the node's NICs; nothing is isolated.
pub struct NoopNetwork;

#[async_trait]
impl NetworkInterface for NoopNetwork {
    async fn validate_inspection(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    fn isolates(&self) -> bool {
        false
    }
}
