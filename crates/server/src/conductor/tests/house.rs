//! A conductor with short figures, one node, and BMCs that remember what they were told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use assay_core::{
    id::{NodeId, PortId},
    node::{InterfaceKind, JsonMap, Node},
    port::Port,
    power::{PowerState, PowerTarget},
    provision::{ProvisionEvent, ProvisionState},
    run::{Phase, Run, RunId, figures::Figures},
};
use assay_drivers::{
    DriverError, Implementations, Registry, Task,
    fake::FakeConfig,
    interface::PowerInterface,
    network::{Neutron, NeutronOptions},
    registry::RegistrySettings,
};
use assay_store::{
    Store,
    nodes::{self, Guard},
    ports, runs,
};
use async_trait::async_trait;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    conductor::{Conductor, ConductorConfig, Parts, now, tasks::parse_run},
    config::{self, Inputs},
};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the ramdisk of the house's node posts.
pub const POST: &[u8] = br#"{"inventory": {"interfaces": [{"name": "eth0", "mac_address": "52:54:00:00:00:01"}],
    "cpu": {"architecture": "x86_64", "count": 2}, "boot": {"current_boot_mode": "uefi"}}}"#;

const POLL: Duration = Duration::from_millis(10);

/// BMCs, each at the address that `driver_info[fake_address]` gives.
#[derive(Default)]
pub struct Bmcs {
    /// Whether each machine is on; absent: it was never touched.
    pub power: Mutex<BTreeMap<String, PowerState>>,
    /// The power action whose answer is lost, once, and which does not happen.
    pub loses: Mutex<Option<PowerTarget>>,
}

impl Bmcs {
    pub fn is_on(&self, address: &str) -> bool {
        self.power.lock().unwrap().get(address) == Some(&PowerState::On)
    }

    pub fn switch(&self, address: &str, state: PowerState) {
        self.power.lock().unwrap().insert(address.to_owned(), state);
    }
}

#[async_trait]
impl PowerInterface for Bmcs {
    fn validate(&self, _task: &Task) -> Result<(), DriverError> {
        Ok(())
    }

    async fn get_power_state(&self, task: &Task) -> Result<PowerState, DriverError> {
        Ok(if self.is_on(address(task)) { PowerState::On } else { PowerState::Off })
    }

    async fn set_power_state(&self, task: &Task, target: PowerTarget, _: Option<Duration>) -> Result<(), DriverError> {
        if self.loses.lock().unwrap().take_if(|lost| *lost == target).is_some() {
            return Err(DriverError::Bmc("the answer was lost".to_owned()).maybe());
        }
        self.switch(address(task), target.end_state());
        Ok(())
    }
}

fn address(task: &Task) -> &str {
    task.node.driver_info["fake_address"].as_str().unwrap()
}

/// A store with one node in `manageable`, and what conductors are made of.
pub struct House {
    pub store: Store,
    pub bmcs: Arc<Bmcs>,
    pub node: NodeId,
    folder: TempDir,
    isolation: Option<Isolation>,
}

/// The network interface of a house whose node is isolated.
type Isolation = (Box<dyn Fn() -> Neutron + Send + Sync>, NeutronOptions);

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db").into(), &folder.path().join("key")).await.unwrap();
        let house = Self { store, bmcs: Arc::default(), node: NodeId(Uuid::from_u128(1)), folder, isolation: None };
        let asked = [(InterfaceKind::Boot, "fake-managed"), (InterfaceKind::Inspect, "agent")];
        let asked = asked.into_iter().map(|(kind, name)| (kind, name.to_owned())).collect();
        let mut node = Node::blank(house.node, ProvisionState::Manageable, now());
        node.driver = "fake-hardware".to_owned();
        node.interfaces = house.registry().complete("fake-hardware", &asked).unwrap();
        node.driver_info.insert("fake_address".to_owned(), "old".into());
        let port = Port::blank(PortId(Uuid::from_u128(2)), node.id, "52:54:00:00:00:01".parse().unwrap(), now());
        let insert = house.store.write(move |tx| {
            Box::pin(async move {
                nodes::insert(tx, &node).await?;
                ports::insert(tx, &port).await
            })
        });
        insert.await.unwrap();
        house
    }

    fn registry(&self) -> Registry {
        let mut implementations = Implementations::in_memory(FakeConfig::default());
        implementations.power.insert("fake", self.bmcs.clone());
        if let Some((neutron, options)) = &self.isolation {
            implementations = implementations.with_neutron(options, Some(neutron()));
        }
        let boot = vec!["fake-managed".to_owned()];
        let settings =
            RegistrySettings { enabled: BTreeMap::from([(InterfaceKind::Boot, boot)]), ..Default::default() };
        Registry::assemble(&settings, implementations).unwrap().0
    }

    /// The node's port.
    pub fn port(&self) -> PortId {
        PortId(Uuid::from_u128(2))
    }

    /// The id of a run that there is not.
    pub fn lone_run(&self) -> RunId {
        RunId(Uuid::from_u128(99))
    }

    /// From now on the node is isolated, by a port that is plugged in here.
    pub async fn isolate(
        &mut self,
        neutron: impl Fn() -> Neutron + Send + Sync + 'static,
        options: NeutronOptions,
        link: JsonMap,
    ) {
        self.isolation = Some((Box::new(neutron), options));
        self.patch(|node| drop(node.interfaces.insert(InterfaceKind::Network, "neutron".to_owned()))).await;
        let mut port = ports::of_node(&self.store.read(), self.node).await.unwrap().remove(0);
        port.local_link_connection = link;
        self.store.write(move |tx| Box::pin(async move { ports::update(tx, &port).await })).await.unwrap();
    }

    /// A conductor on the store that has not been started, with its options changed.
    pub fn conductor(&self, change: impl FnOnce(&mut ConductorConfig)) -> Conductor {
        let state = self.folder.path().display().to_string();
        let own = [("OS_ASSAY__STATE_PATH", state), ("OS_ASSAY__BOOT_ADDRESS", "127.0.0.1".to_owned())];
        let variables = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let loaded = config::load(&Inputs { variables, ..Inputs::default() }).unwrap();
        let mut config = ConductorConfig { figures: figures(), ..(&loaded.config).into() };
        change(&mut config);
        Conductor::new(Parts {
            store: self.store.clone(),
            registry: Arc::new(self.registry()),
            image_path: Box::new(|_| None),
            config,
        })
    }

    /// A conductor that runs.
    pub async fn started(&self) -> Conductor {
        let conductor = self.conductor(|_| {});
        conductor.start().await.unwrap();
        conductor
    }

    /// An inspection from its request to its end.
    pub async fn inspect(&self, conductor: &Conductor) {
        let run = self.inspect_until_wait(conductor).await;
        conductor.take_body(run, POST).await.unwrap();
        self.run_until(|run| run.phase == Phase::Ended).await;
        self.node_until(|node| node.reservation.is_none()).await;
    }

    /// Starts an inspection and waits until its ramdisk is waited for.
    pub async fn inspect_until_wait(&self, conductor: &Conductor) -> RunId {
        conductor.request(self.node, ProvisionEvent::Inspect).await.unwrap();
        self.run_until(|run| run.phase == Phase::Wait).await.id
    }

    pub async fn node(&self) -> Node {
        nodes::get(&self.store.read(), self.node).await.unwrap().node
    }

    /// Changes the node as a client does.
    pub async fn patch(&self, change: impl FnOnce(&mut Node) + Clone + Send + 'static) {
        self.node_until(|node| node.reservation.is_none()).await;
        let id = self.node;
        let patched = self.store.write(move |tx| {
            Box::pin(async move {
                let mut row = nodes::get(tx, id).await?;
                change(&mut row.node);
                nodes::update(tx, &row.node, Guard::Unreserved { version: row.version }).await
            })
        });
        patched.await.unwrap();
    }

    /// Takes the node's lock as somebody else.
    pub async fn lock(&self, lease: Duration) -> i64 {
        let id = self.node;
        let reserved =
            self.store.write(move |tx| Box::pin(async move { nodes::reserve(tx, id, "other", lease).await }));
        reserved.await.unwrap()
    }

    pub async fn unlock(&self, epoch: i64) {
        let id = self.node;
        self.store.write(move |tx| Box::pin(async move { nodes::release(tx, id, epoch).await })).await.unwrap();
    }

    pub async fn node_until(&self, wanted: impl Fn(&Node) -> bool) -> Node {
        let found = async {
            loop {
                let node = self.node().await;
                if wanted(&node) {
                    return node;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(node) => node,
            Err(_) => panic!("the node stayed {:?}", self.node().await),
        }
    }

    /// The node's latest inspection, once it is as wanted.
    pub async fn run_until(&self, wanted: impl Fn(&Run) -> bool) -> Run {
        let latest = || async {
            let row = runs::last_of_node(&self.store.read(), self.node, Some("inspect")).await.unwrap();
            row.as_ref().map(|row| parse_run(row).unwrap())
        };
        let found = async {
            loop {
                if let Some(run) = latest().await.filter(&wanted) {
                    return run;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(run) => run,
            Err(_) => panic!("the run stayed {:?}", latest().await),
        }
    }
}

/// Short, and still long enough for a machine that is busy with other tests.
pub fn figures() -> Figures {
    Figures {
        call: Duration::from_millis(300),
        lease: Duration::from_secs(1),
        renew: Duration::from_millis(200),
        late: Duration::from_millis(400),
        retry_first: Duration::from_millis(50),
        retry_most: Duration::from_millis(200),
        tick: Duration::from_millis(20),
        ..Figures::default()
    }
}
