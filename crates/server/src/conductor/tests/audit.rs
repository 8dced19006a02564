//! What `assay audit` tells of a BMC after an inspection, and of what it keeps silent.

use assay_core::power::{BootDevice, PowerState, PowerTarget};

use super::house::House;
use crate::{
    audit::{AuditSource, judge},
    conductor::Conductor,
};

async fn found(conductor: &Conductor) -> Vec<String> {
    let report = judge(&conductor.facts().await.unwrap());
    assert!(report.unknown.is_empty(), "{report:?}");
    report.left_behind.into_iter().map(|finding| finding.text).collect()
}

/// Sets the boot device as somebody who does not ask us.
async fn set_on_bmc(house: &House, conductor: &Conductor, device: BootDevice, persistent: bool) {
    let task = conductor.task(&house.node().await).await.unwrap();
    let management = conductor.parts().registry.management(&task.node).unwrap();
    management.set_boot_device(&task, device, persistent).await.unwrap();
}

#[tokio::test]
async fn s1_a_machine_that_is_on_after_its_inspection_is_told_unless_a_client_wants_it_on() {
    let house = House::new().await;
    let conductor = house.started().await;
    house.bmcs.switch("old", PowerState::On);
    assert!(found(&conductor).await.is_empty(), "it was never inspected");
    house.inspect(&conductor).await;
    assert!(found(&conductor).await.is_empty());
    house.bmcs.switch("old", PowerState::On);
    let told = found(&conductor).await;
    assert!(told.len() == 1 && told[0].starts_with("the machine is on, and inspection "), "{told:?}");
    conductor.start_power(house.node, PowerTarget::On, None).await.unwrap();
    house.node_until(|node| node.power_state == Some(PowerState::On) && node.reservation.is_none()).await;
    assert!(found(&conductor).await.is_empty());
}

#[tokio::test]
async fn s1_our_boot_device_is_told_in_whatever_form_and_an_operators_own_is_not() {
    let house = House::new().await;
    let conductor = house.started().await;
    house.inspect(&conductor).await;
    for persistent in [false, true] {
        set_on_bmc(&house, &conductor, BootDevice::Pxe, persistent).await;
        let told = found(&conductor).await;
        assert!(told.len() == 1 && told[0].starts_with("the BMC will boot it from pxe, as inspection "), "{told:?}");
    }
    set_on_bmc(&house, &conductor, BootDevice::Disk, false).await;
    assert!(found(&conductor).await.is_empty(), "no inspection sets the disk");
    conductor.change_boot_device(house.node, BootDevice::Pxe, true).await.unwrap();
    assert!(found(&conductor).await.is_empty(), "a client wants it");
    house.inspect(&conductor).await;
    assert!(found(&conductor).await.is_empty(), "it was there before and was put back");
    let shown = conductor.ask_boot_device(house.node).await.unwrap();
    assert_eq!((shown.device, shown.persistent), (Some(BootDevice::Pxe), true));
}
