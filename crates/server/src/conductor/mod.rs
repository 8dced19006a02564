//! The conductor: it claims a run, steps it, commits, lets the effects happen, and goes on with
//! what comes back. Every state is decided by the core; every effect is done by a driver.
//!
//! **Invariant:** an effect that leaves anything in the world starts only after the transaction that journals it is on disk.

mod api;
mod audit;
mod body;
mod boot_directory;
mod callback;
mod claim;
mod clock;
mod commit;
mod config;
mod drive;
mod execute;
mod external;
mod findings;
mod group;
mod introspection;
mod network;
mod periodic;
mod power_sync;
mod queue;
mod registration;
mod requests;
mod snapshot;
mod tasks;
#[cfg(test)]
mod tests;
mod validate;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use assay_core::run::{Event, Run, RunId};
use assay_drivers::{DriverError, Registry};
use assay_store::Store;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

pub use config::ConductorConfig;
pub use tasks::parse_run;

use crate::api::conductor::ConductorError;
use claim::Claim;
use clock::now;

/// How long BMCs have to close our sessions when the conductor stops.
const LONGEST_FAREWELL: Duration = Duration::from_secs(5);

/// Finds the file of an image by its key in the image cache.
pub type ImagePath = Box<dyn Fn(&str) -> Option<PathBuf> + Send + Sync>;

/// What a conductor is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// The interfaces of this build.
    pub registry: Arc<Registry>,
    /// The file of a kernel or ramdisk, by its key in a boot record.
    pub image_path: ImagePath,
    /// The options that it goes by.
    pub config: ConductorConfig,
}

/// One conductor process. Cheap to clone.
#[derive(Clone)]
pub struct Conductor(Arc<Inner>);

/// Runs, each with the way to the task that drives it.
type Driven = HashMap<RunId, mpsc::UnboundedSender<Event>>;

struct Inner {
    parts: Parts,
    /// The runs that a task of this process drives now.
    driven: Mutex<Driven>,
    /// Says that some run is in another phase, or driven no more: whoever waits for one looks again.
    progress: watch::Sender<u64>,
    /// The runs of which an effect is under way without their lock.
    unlocked: Mutex<HashSet<RunId>>,
    /// The runs about which an external introspection service is being asked, each with the way to its task.
    watched: Mutex<HashMap<RunId, Arc<Notify>>>,
    /// There may be room for an inspection that waits for its turn.
    room: Notify,
    /// The runs that nobody owned at the last look, although they have something to do.
    adrift: Mutex<HashSet<RunId>>,
    power_failures: power_sync::PowerFailures,
    /// What names this process among all that serve the database.
    process: String,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Conductor {
    /// A conductor that does nothing yet; see [`Conductor::start`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            driven: Mutex::default(),
            progress: watch::Sender::new(0),
            unlocked: Mutex::default(),
            watched: Mutex::default(),
            room: Notify::new(),
            adrift: Mutex::default(),
            power_failures: power_sync::PowerFailures::default(),
            process: registration::this_process(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Takes over what an earlier process left and starts the periodic work.
    ///
    /// # Errors
    /// Another process has this host name; the store does not answer.
    pub async fn start(&self) -> Result<(), ConductorError> {
        self.set_clock().await?;
        self.register().await?;
        self.take_over().await?;
        self.start_periodic_work();
        Ok(())
    }

    /// Stops within the bound of the effects under way; what is left is taken over at the next start.
    /// Sessions at BMCs are closed.
    pub async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.sign_off().await;
        self.parts().registry.close(LONGEST_FAREWELL).await;
    }

    fn parts(&self) -> &Parts {
        &self.0.parts
    }

    fn store(&self) -> &Store {
        &self.0.parts.store
    }

    fn config(&self) -> &ConductorConfig {
        &self.0.parts.config
    }

    /// Brings an event to a run: to the task that drives it, or to a new one.
    pub fn deliver(&self, run: RunId, event: Event) {
        let mut driven = self.0.driven.lock().unwrap_or_else(PoisonError::into_inner);
        let event = match driven.get(&run) {
            Some(task) => match task.send(event) {
                Ok(()) => return,
                Err(mpsc::error::SendError(event)) => event,
            },
            None => event,
        };
        self.spawn_driver(&mut driven, run, event, None);
    }

    /// Brings an event to a run together with the claim on it, made by the transaction that says what the run has to do.
    /// Where a task drives the run already, that one claims it.
    fn deliver_claimed(&self, claim: Claim, event: Event) {
        let run = claim.run.id;
        let mut driven = self.0.driven.lock().unwrap_or_else(PoisonError::into_inner);
        if !driven.contains_key(&run) {
            return self.spawn_driver(&mut driven, run, event, Some(Claim { is_fresh: true, ..claim }));
        }
        let conductor = self.clone();
        self.0.tasks.spawn(async move {
            if let Err(failure) = conductor.release(claim).await {
                warn!(run.id = %run, error = %failure, "a lock is not given back; it ends with its lease");
            }
            conductor.deliver(run, event);
        });
    }

    fn spawn_driver(&self, driven: &mut Driven, run: RunId, event: Event, claim: Option<Claim>) {
        let (sender, events) = mpsc::unbounded_channel();
        sender.send(event).ok();
        driven.insert(run, sender);
        let conductor = self.clone();
        self.0.tasks.spawn(async move { conductor.drive(run, claim, events).await });
    }

    /// Leaves a run to nobody, unless an event has come meanwhile.
    fn leave(&self, run: RunId, events: &mut mpsc::UnboundedReceiver<Event>) -> Option<Event> {
        let mut driven = self.0.driven.lock().unwrap_or_else(PoisonError::into_inner);
        let event = events.try_recv().ok();
        if event.is_none() {
            driven.remove(&run);
            self.announce_progress();
        }
        event
    }

    /// Whether a task of this process drives the run.
    fn drives(&self, run: RunId) -> bool {
        self.0.driven.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&run)
    }

    fn announce_progress(&self) {
        self.0.progress.send_modify(|count| *count += 1);
    }

    /// Waits until the run's end of waiting is on disk, and returns it; bounded by the caller.
    async fn left_wait(&self, run: RunId) -> Result<Run, ConductorError> {
        let mut progress = self.0.progress.subscribe();
        loop {
            let run = self.load_run(run).await?;
            if !run.rests() {
                return Ok(run);
            }
            // Another conductor's progress is not told here.
            timeout(self.config().figures.tick, progress.changed()).await.ok();
        }
    }

    /// Waits until the run is driven no more and has an ending, and returns it; bounded by the caller.
    async fn rested(&self, id: RunId) -> Result<Run, ConductorError> {
        let mut progress = self.0.progress.subscribe();
        loop {
            if !self.drives(id) {
                let run = self.load_run(id).await?;
                if run.ending.is_some() {
                    return Ok(run);
                }
            }
            timeout(self.config().figures.tick, progress.changed()).await.ok();
        }
    }
}

/// A failure of our own that no client caused, in words for the operator.
fn failed(text: String) -> ConductorError {
    ConductorError::Driver(DriverError::Inspection(text))
}
