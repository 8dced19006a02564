//! Runs whose introspection is another service's: told outside of the claim, asked until it has
//! ended, its data fetched.
//!
//! **Invariant:** asking takes no lock, so that the service can have it.

use std::{sync::Arc, sync::PoisonError, time::Duration};

use assay_core::run::{Event, Receipt, Run, RunId, Seq};
use assay_drivers::{
    Task,
    fence::Fence,
    interface::{IntrospectionData, Progress},
};
use futures::FutureExt as _;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};
use tracing::{Instrument as _, warn};

use super::{
    Conductor,
    drive::outcome,
    findings::{Findings, Tray},
};
use crate::api::conductor::ConductorError;

/// How long after a sign of life, and after the beginning of the wait, the service is asked.
const FIRST_LOOK: Duration = Duration::from_secs(2);

impl Conductor {
    /// Starts an effect that needs no lock, while its run waits; what comes of it claims the run.
    pub(super) fn start_unlocked(&self, run: &Run, seq: Seq) {
        let Some(entry) = run.journal.get(seq) else { return };
        let (conductor, run, effect) = (self.clone(), run.clone(), entry.effect.clone());
        self.0.unlocked.lock().unwrap_or_else(PoisonError::into_inner).insert(run.id);
        let limit = self.config().limit_of(&effect, &run);
        let fence = Fence::at(Instant::now() + self.config().figures.sending_unlocked());
        let doing = async move {
            // What needs no lock finds nothing.
            let tray = Tray::default();
            let doing = conductor.carry_out(&run, &tray, &effect, None);
            let doing = std::panic::AssertUnwindSafe(doing).catch_unwind();
            let stop = &conductor.0.stop;
            if let Some(result) = stop.run_until_cancelled(timeout(limit, fence.around(doing))).await {
                conductor.deliver(run.id, outcome(seq, &effect, limit, result));
            }
        };
        self.0.tasks.spawn(doing.in_current_span());
    }

    /// Whether an effect of the run is under way without its lock, in this process.
    pub(super) fn is_unlocked(&self, run: RunId) -> bool {
        self.0.unlocked.lock().unwrap_or_else(PoisonError::into_inner).contains(&run)
    }

    /// What came of such an effect has been committed, or is lost.
    pub(super) fn locks_again(&self, run: RunId) {
        self.0.unlocked.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }

    /// Asks the external service about the run from now on, until its part has ended.
    pub(super) fn watch(&self, run: &Run) {
        if !run.waits_for_service() || self.config().status_check_period.is_zero() {
            return;
        }
        let id = run.id;
        let news = Arc::new(Notify::new());
        let mut watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.contains_key(&id) {
            return;
        }
        watched.insert(id, Arc::clone(&news));
        let conductor = self.clone();
        self.0.tasks.spawn(async move {
            let said = conductor.0.stop.run_until_cancelled(conductor.ask_until_ended(id, &news)).await;
            conductor.0.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            if let Some(Some(event)) = said {
                conductor.deliver(id, event);
            }
        });
    }

    /// The machine was seen booting: its ramdisk may post soon.
    pub(super) fn look_soon(&self, run: RunId) {
        if let Some(news) = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).get(&run) {
            news.notify_one();
        }
    }

    async fn ask_until_ended(&self, id: RunId, news: &Notify) -> Option<Event> {
        let mut pause = FIRST_LOOK;
        loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = news.notified() => sleep(FIRST_LOOK).await,
            }
            pause = self.config().status_check_period;
            let run = match self.load_run(id).await {
                Ok(run) if run.waits_for_service() => run,
                Ok(_) => return None,
                Err(failure) => {
                    warn!(run.id = %id, error = %failure, "a run that waits could not be read");
                    continue;
                }
            };
            if run.journal.under_way().next().is_some() {
                continue;
            }
            match self.progress_of(&run).await {
                Ok(Progress::GoesOn) => {}
                Ok(Progress::Finished) => return Some(Event::InspectorSays { error: None }),
                Ok(Progress::Failed(error)) => return Some(Event::InspectorSays { error: Some(error) }),
                Err(error) => warn!(run.id = %id, node.id = %run.node, %error, "it is asked again"),
            }
        }
    }

    async fn progress_of(&self, run: &Run) -> Result<Progress, ConductorError> {
        let task = self.task_of(run).await?;
        Ok(self.parts().registry.inspect(&task.node)?.introspection(&task).await?)
    }

    /// Fetches what the service has found. One that keeps no data has changed the node all the same.
    pub(super) async fn fetch_data(&self, run: &Run, tray: &Tray, task: &Task) -> Result<Receipt, ConductorError> {
        let inspect = self.parts().registry.inspect(&task.node)?;
        let Some(IntrospectionData { inventory, plugin_data }) = inspect.introspection_data(task).await? else {
            let warning =
                "the introspection service keeps no data (its [processing] store_data): there is no inventory";
            return Ok(Receipt::Processed { warnings: vec![warning.to_owned()] });
        };
        tray.put(Findings::of(run, inventory.to_string(), plugin_data.to_string(), None));
        Ok(Receipt::Processed { warnings: Vec::new() })
    }
}
