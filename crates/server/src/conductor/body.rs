//! The ramdisk's post: accepted once and put on disk before it is parsed; worked on by the hooks later.

use assay_core::{
    apply::apply,
    boot::sign::Sign,
    hooks::HookView,
    id::{BodyId, NodeId, PortId},
    inventory::Body,
    limits::{self, Limits},
    lookup::Clues,
    port::Port,
    run::{Event, Phase, Receipt, Run, RunId},
};
use assay_drivers::DriverError;
use assay_store::{
    StoreError, Tx,
    bodies::{self, CompressedBody},
    nodes, runs, timeline,
};
use tokio::time::Instant;

use super::{
    Conductor,
    claim::{Lease, Locker},
    findings::{Findings, Tray},
    now,
    tasks::parse_run,
};
use crate::api::conductor::{BodyError, ConductorError};

impl Conductor {
    /// Takes the post of a run whose secret the caller has checked. The first one is kept and worked
    /// on; a repeated one gets the same answer, until [`Figures::repeat`] after the run's end.
    ///
    /// [`Figures::repeat`]: assay_core::run::figures::Figures::repeat
    ///
    /// # Errors
    /// [`BodyError`]; nothing has changed then.
    pub(super) async fn take_body(&self, id: RunId, bytes: &[u8]) -> Result<NodeId, BodyError> {
        let row = match runs::get(&self.store().read(), id).await {
            Err(StoreError::NotFound { .. }) => return Err(not_expected()),
            row => row?,
        };
        let run = parse_run(&row).map_err(|_| not_expected())?;
        if !run.accepts_body() {
            return self.answer_again(&run).await;
        }
        check(bytes)?;
        let body = CompressedBody::compress(bytes);
        let seen = timeline::Entry {
            at: now(),
            event: Sign::Callback.as_str().to_owned(),
            text: format!("the ramdisk posted {} KiB", bytes.len().div_ceil(1024)),
        };
        let asked = Instant::now();
        let locker = if self.serves_run_of(run.node).await { Some(self.locker()) } else { None };
        let version = row.version;
        let post = Post { run, version, body, seen, locker };
        match self.store().write(move |tx| Box::pin(post.accept(tx))).await? {
            None => self.answer_again(&self.load_run(id).await.map_err(|_| not_expected())?).await,
            Some(Accepted { run, version, body, lease }) => {
                let (node, event) = (run.node, Event::Body(body));
                match lease {
                    Some(lease) => self.deliver_claimed(self.claim_of(run, version, Some(lease), asked), event),
                    None => self.deliver_to_group(&run, event).await?,
                }
                Ok(node)
            }
        }
    }

    /// Takes a post without a secret. The node is found by what the body says, among those whose
    /// ramdisk was booted by somebody who does not know the secret.
    pub(super) async fn take_plain_body(
        &self,
        named: Option<NodeId>,
        bytes: &[u8],
    ) -> Result<(RunId, NodeId), BodyError> {
        check(bytes)?;
        let body = Body::parse_checked(bytes).map_err(|wrong| BodyError::Invalid(wrong.to_string()))?;
        let clues =
            Clues { node: named, macs: body.view.macs().collect(), bmc_addresses: body.view.bmc_addresses().collect() };
        let run = self.find_run(&clues).await?;
        Ok((run, self.take_body(run, bytes).await?))
    }

    /// The first answer again, for a run that has its body.
    async fn answer_again(&self, run: &Run) -> Result<NodeId, BodyError> {
        let fresh = run.concluded_at.is_none_or(|at| {
            chrono::TimeDelta::from_std(self.config().figures.repeat).is_ok_and(|repeat| now() <= at + repeat)
        });
        if run.body.is_some() && fresh { Ok(run.node) } else { Err(not_expected()) }
    }

    /// The hooks' part of a run: parse, judge, and put what follows on the tray.
    pub(super) async fn process_body(
        &self,
        run: &Run,
        tray: &Tray,
        id: BodyId,
        ports: &[Port],
    ) -> Result<Receipt, ConductorError> {
        let bytes = bodies::get(&self.store().read(), id, Limits::RAMDISK.bytes).await?;
        let body = Body::parse_checked(&bytes).map_err(refuse)?;
        // As it is now: clients may have changed it while the run waited.
        let node = nodes::get(&self.store().read(), run.node).await?.node;
        let view = HookView { node: &node, ports };
        let changes = self.config().hooks.run(view, &body, &self.config().hook_options).map_err(refuse)?;
        let new_id = || PortId(uuid::Uuid::new_v4());
        let applied = apply(node, ports, body.plugin_data, &changes, now(), new_id);
        let inventory = serde_json::to_string(&body.inventory).map_err(refuse)?;
        let plugin_data = serde_json::to_string(&applied.plugin_data).map_err(refuse)?;
        let warnings = applied.warnings.clone();
        tray.put(Findings::of(run, inventory, plugin_data, Some(applied)));
        Ok(Receipt::Processed { warnings })
    }
}

/// A post, and its run as it was looked at.
#[derive(Clone)]
struct Post {
    run: Run,
    version: i64,
    body: CompressedBody,
    seen: timeline::Entry,
    /// For whom the node is locked, where this conductor goes on with the run.
    locker: Option<Locker>,
}

/// A post that is the run's, or a repetition of it.
struct Accepted {
    run: Run,
    version: i64,
    body: BodyId,
    /// The lock of the node, if the run can go on at once.
    lease: Option<Lease>,
}

impl Post {
    /// `None`: the run accepts none any more.
    async fn accept(self, tx: &Tx<'_>) -> Result<Option<Accepted>, StoreError> {
        let row = runs::lock(tx, self.run.id).await?;
        // It may have gone on since it was looked at.
        let now = if row.version == self.version { Ok(self.run) } else { parse_run(&row) };
        let Some(run) = now.ok().filter(Run::accepts_body) else { return Ok(None) };
        let accepted = bodies::accept(tx, run.id, self.body, None, self.seen.at).await?;
        let (version, body) = (row.version, accepted.id);
        if !accepted.first {
            return Ok(Some(Accepted { run, version, body, lease: None }));
        }
        timeline::append(tx, run.id, [self.seen]).await?;
        let goes_on = run.phase == Phase::Wait && run.journal.under_way().next().is_none() && row.asked.is_none();
        let lease = match self.locker.filter(|_| goes_on) {
            Some(locker) => unless_held(locker.lock(tx, run.node).await)?,
            None => None,
        };
        Ok(Some(Accepted { run, version, body, lease }))
    }
}

/// Whoever holds the node gives way soon, and the run of a deleted one is gone on with by whoever claims it.
fn unless_held(locked: Result<Lease, StoreError>) -> Result<Option<Lease>, StoreError> {
    match locked {
        Err(StoreError::Locked { .. } | StoreError::NotFound { .. }) => Ok(None),
        locked => locked.map(Some),
    }
}

/// Limits and syntax, before anything is kept; what it means is the hooks' business.
fn check(bytes: &[u8]) -> Result<(), BodyError> {
    let malformed = |wrong: &dyn std::fmt::Display| BodyError::Invalid(wrong.to_string());
    limits::check(bytes, &Limits::RAMDISK).map_err(|wrong| malformed(&wrong))?;
    #[derive(serde::Deserialize)]
    struct Posted {
        inventory: Inventory,
    }
    #[derive(serde::Deserialize)]
    struct Inventory {
        interfaces: Vec<serde::de::IgnoredAny>,
    }
    let post: Posted = serde_json::from_slice(bytes).map_err(|wrong| malformed(&wrong))?;
    if post.inventory.interfaces.is_empty() {
        return Err(BodyError::Invalid("inventory.interfaces is empty".to_owned()));
    }
    Ok(())
}

fn refuse(wrong: impl std::fmt::Display) -> DriverError {
    DriverError::Inspection(wrong.to_string())
}

/// Nobody waits for the post. The ramdisk is not told why.
pub(super) fn not_expected() -> BodyError {
    BodyError::NotExpected("no run waits for this post".to_owned())
}
