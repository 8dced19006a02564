//! The hardware of a fake data centre: machines that share one BMC address.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use assay_core::{mac::MacAddress, power::PowerState};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{
    bmc::{self, Request},
    cloud::{Addresses, Cloud},
    fault::{Fault, Faults, Times},
    machine::{Boot, Machine, Stage},
    ramdisk::{self, Ramdisk},
};

/// What the world is made of.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// How many machines.
    pub machines: usize,
    /// How many NICs each of them has.
    pub nics: usize,
    /// The BMC's user.
    pub username: String,
    /// The BMC's password.
    pub password: String,
    /// How long the BMC shows the old power state after a reset.
    pub power_delay: Duration,
    /// The override survives the boot and is shown as `Continuous`, as sushy-tools does it;
    /// otherwise `Once` is gone when the machine starts.
    pub sticky_override: bool,
    /// Writes without `If-Match` are refused.
    pub require_etag: bool,
    /// What the ramdisk of every machine does.
    pub ramdisk: Ramdisk,
}

impl Default for Hardware {
    fn default() -> Self {
        Self {
            machines: 1,
            nics: 1,
            username: "admin".into(),
            password: "s3cret-of-the-bmc".into(),
            power_delay: Duration::ZERO,
            sticky_override: false,
            require_etag: false,
            ramdisk: Ramdisk::default(),
        }
    }
}

/// What the BMC's handlers and the ramdisks share.
pub(crate) struct Fleet {
    pub(crate) hardware: Hardware,
    pub(crate) machines: Vec<Arc<Machine>>,
    pub(crate) faults: Faults<(Option<usize>, Request)>,
    pub(crate) sessions: Mutex<Vec<Uuid>>,
    pub(crate) client: reqwest::Client,
    /// Assay's boot listener, as the NICs of all machines see it; empty until it is known.
    boot_url: Mutex<String>,
    /// Which address a cloud gives to a NIC; until it is known, NICs have this machine's.
    addresses: Mutex<Option<Addresses>>,
    /// What keeps each machine's ramdisk running.
    plugs: Vec<Mutex<CancellationToken>>,
    pub(crate) stop: CancellationToken,
}

/// The running fake world; it stops when it is dropped.
pub struct World {
    fleet: Arc<Fleet>,
    address: SocketAddr,
    _stop: DropGuard,
}

impl World {
    /// Builds the machines, all off, and opens their BMC on a free port of the loopback.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(hardware: Hardware) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let machines =
            (0..hardware.machines).map(|i| Arc::new(Machine::new(i, hardware.nics, hardware.ramdisk.clone())));
        let fleet = Arc::new(Fleet {
            machines: machines.collect(),
            faults: Faults::default(),
            sessions: Mutex::default(),
            client: reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?,
            boot_url: Mutex::default(),
            addresses: Mutex::default(),
            plugs: (0..hardware.machines).map(|_| Mutex::default()).collect(),
            stop: stop.clone(),
            hardware,
        });
        let address = bmc::start(fleet.clone(), stop.clone()).await?;
        Ok(Self { fleet, address, _stop: stop.drop_guard() })
    }

    /// Tells the NICs where Assay's boot listener is, such as `http://127.0.0.1:8080`.
    pub fn boot_from(&self, url: &str) {
        url.clone_into(&mut locked(&self.fleet.boot_url));
    }

    /// Lets the NICs ask for their scripts from the addresses that this cloud gives them: they have to
    /// be of the loopback.
    pub fn addresses_from(&self, cloud: &Cloud) {
        *locked(&self.fleet.addresses) = Some(cloud.addresses());
    }

    /// The BMC's address, for `driver_info.redfish_address`.
    #[must_use]
    pub fn bmc_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The user and the password that the BMC wants.
    #[must_use]
    pub fn credentials(&self) -> (&str, &str) {
        (&self.fleet.hardware.username, &self.fleet.hardware.password)
    }

    /// All machines.
    #[must_use]
    pub fn machines(&self) -> &[Arc<Machine>] {
        &self.fleet.machines
    }

    /// The machine with this index.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn machine(&self, index: usize) -> &Machine {
        &self.fleet.machines[index]
    }

    /// Plans a fault for one machine (`None`: for every request of the kind).
    pub fn inject(&self, machine: Option<usize>, request: Request, fault: Fault, times: Times) {
        self.fleet.faults.inject((machine, request), fault, times);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.fleet.faults.clear();
    }

    /// How many sessions are open at the BMC.
    #[must_use]
    pub fn sessions(&self) -> usize {
        locked(&self.fleet.sessions).len()
    }

    /// Forgets every session, as a BMC does that restarts.
    pub fn expire_sessions(&self) {
        locked(&self.fleet.sessions).clear();
    }
}

impl Fleet {
    /// Where the NICs boot from.
    pub(crate) fn boot_url(&self) -> String {
        locked(&self.boot_url).clone()
    }

    /// A client with the address that a cloud gives to the NIC.
    pub(crate) fn client_of(&self, mac: MacAddress) -> reqwest::Client {
        let address = locked(&self.addresses).as_ref().and_then(|addresses| addresses(mac));
        let Some(address) = address else { return self.client.clone() };
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).local_address(address);
        // To read the system's certificates takes longer than all that a NIC does.
        client.tls_certs_only([]).build().unwrap_or_else(|_| self.client.clone())
    }

    /// The machine with this system id.
    pub(crate) fn by_system(&self, id: &str) -> Option<&Arc<Machine>> {
        let id: Uuid = id.parse().ok()?;
        self.machines.get(Machine::index_of(id)?)
    }

    /// Carries out a reset: now, or after the hardware's delay if no later one overtakes it.
    pub(crate) fn reset(self: &Arc<Self>, machine: &Arc<Machine>, request: Request) {
        machine.change(|state| state.resets += 1);
        if self.hardware.power_delay.is_zero() {
            return self.switch(machine, request);
        }
        let (fleet, machine) = (self.clone(), machine.clone());
        let number = machine.state.borrow().resets;
        tokio::spawn(async move {
            tokio::time::sleep(fleet.hardware.power_delay).await;
            if machine.state.borrow().resets == number {
                fleet.switch(&machine, request);
            }
        });
    }

    fn switch(self: &Arc<Self>, machine: &Arc<Machine>, request: Request) {
        let was = machine.state.borrow().power;
        match request {
            Request::PowerOn if was == PowerState::Off => self.switch_on(machine),
            Request::Restart => {
                self.switch_off(machine);
                self.switch_on(machine);
            }
            Request::PowerOff => self.switch_off(machine),
            _ => {}
        }
    }

    fn switch_off(&self, machine: &Machine) {
        locked(&self.plugs[machine.index]).cancel();
        machine.change(|state| {
            state.power = PowerState::Off;
            state.version += 1;
        });
    }

    fn switch_on(self: &Arc<Self>, machine: &Arc<Machine>) {
        let network = machine.state.borrow().boot.is_network();
        machine.change(|state| {
            state.power = PowerState::On;
            state.version += 1;
            state.boots.push(Boot::default());
            if state.boot.enabled == "Once" {
                state.boot.enabled = "Disabled".into();
                state.boot.target = "None".into();
            }
        });
        if !network {
            return machine.reached(Stage::Disk);
        }
        let plug = self.stop.child_token();
        *locked(&self.plugs[machine.index]) = plug.clone();
        let (fleet, machine) = (self.clone(), machine.clone());
        tokio::spawn(async move { plug.run_until_cancelled(ramdisk::boot(&fleet, &machine)).await });
    }
}

/// A lock that a panic elsewhere does not poison for us.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
