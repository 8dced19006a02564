//! One writer's connection: transactions, what is tried again, and when the connection is not trusted any more.
//!
//! **Invariant:** after an error at the begin or the end of a transaction the connection is thrown away. What is left open
//! on it could swallow later commits: a full disk makes SQLite end a transaction by itself, and the driver does not learn it.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use rand::Rng as _;
use sea_orm::{ConnAcquireErr, DbErr};
use tokio::time::{Instant, sleep, timeout};

use super::{Job, Ran};
use crate::{
    Database, Fault, StoreError, Tx,
    database::{Begun, Link, PATIENCE},
    seal::Sealer,
    trouble,
    trouble::Trouble,
};

/// A job may hold up others, so it must be short; it is nothing but SQL.
const JOB_DEADLINE: Duration = Duration::from_secs(20);
/// For one of the statements around the jobs.
const STATEMENT_DEADLINE: Duration = Duration::from_secs(20);
/// The first pause before a job is tried again; it doubles.
const PAUSE: Duration = Duration::from_millis(5);
/// What becomes of the pauses at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

// Each job of several runs in a savepoint; the end of one and the begin of the next are one request, since a
// request costs more than what it does.
const FIRST: &str = "SAVEPOINT job";
const KEEP: &str = "RELEASE SAVEPOINT job; SAVEPOINT job";
const TAKE_BACK: &str = "ROLLBACK TO SAVEPOINT job";

/// Why a transaction did not come to its end.
struct Failure {
    trouble: Trouble,
    /// It may be committed all the same.
    committing: bool,
    why: String,
}

impl Failure {
    fn before_commit(error: &Fault) -> Self {
        Self { trouble: trouble::of(error), committing: false, why: error.to_string() }
    }

    fn at_commit(error: &Fault) -> Self {
        Self { committing: true, ..Self::before_commit(error) }
    }

    fn of_job(trouble: Trouble) -> Self {
        Self { trouble, committing: false, why: "a statement of it failed".to_owned() }
    }

    /// Whether the jobs of the transaction can be run again: nothing of them is there.
    fn can_be_repeated(&self) -> bool {
        match self.trouble {
            Trouble::Conflict => true,
            Trouble::Lost => !self.committing,
            Trouble::Other => false,
        }
    }
}

pub struct Session {
    database: Database,
    link: Option<Link>,
    sealer: Arc<Sealer>,
}

impl Session {
    pub const fn new(database: Database, link: Option<Link>, sealer: Arc<Sealer>) -> Self {
        Self { database, link, sealer }
    }

    /// Runs these jobs, together if that goes well, and answers each.
    pub async fn carry_out(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if jobs.len() > 1 {
            match self.attempt(&mut jobs).await {
                Ok(()) => return jobs.into_iter().for_each(|job| job.answer(Ok(()))),
                // Whose fault it was shows when each is alone.
                Err(failure) if !failure.committing || failure.can_be_repeated() => {}
                Err(failure) => return jobs.into_iter().for_each(|job| job.answer(Err(failed(&failure)))),
            }
        }
        for job in jobs {
            self.carry_out_alone(job).await;
        }
    }

    async fn carry_out_alone(&mut self, job: Box<dyn Job>) {
        let (until, mut pause, mut job) = (Instant::now() + PATIENCE, PAUSE, [job]);
        let committed = loop {
            match self.attempt(&mut job).await {
                Ok(()) => break Ok(()),
                Err(failure) if failure.can_be_repeated() && Instant::now() < until => {
                    // Two that were in each other's way must not meet again.
                    let apart = pause.mul_f64(rand::rng().random_range(0.5..1.5));
                    sleep(apart).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(failure) => break Err(failed(&failure)),
            }
        };
        let [job] = job;
        job.answer(committed);
    }

    /// One transaction with these jobs.
    async fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
        let link = match self.link.take() {
            Some(link) => Ok(link),
            None => within(STATEMENT_DEADLINE, self.database.link()).await,
        };
        let link = self
            .link
            .insert(link.map_err(|error| Failure { trouble: Trouble::Lost, ..Failure::before_commit(&error) })?);
        let done = transaction(link, &self.sealer, jobs).await;
        if done.as_ref().is_err_and(|failure| failure.trouble != Trouble::Conflict) {
            self.close().await;
        }
        done
    }

    /// Closes the connection; the next transaction opens another.
    pub async fn close(&mut self) {
        if let Some(link) = self.link.take()
            && timeout(STATEMENT_DEADLINE, link.close()).await.is_err()
        {
            tracing::warn!(database = %self.database, "a connection does not close; it is left to itself");
        }
    }
}

fn failed(failure: &Failure) -> StoreError {
    tracing::error!(error = %failure.why, "the database did not take a commit");
    match failure.trouble {
        Trouble::Lost if failure.committing => StoreError::Unsure(failure.why.clone()),
        Trouble::Lost => StoreError::Away(failure.why.clone()),
        Trouble::Conflict | Trouble::Other => StoreError::Commit(failure.why.clone()),
    }
}

async fn transaction(link: &Link, sealer: &Sealer, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    let begun = within(STATEMENT_DEADLINE, link.begin()).await.map_err(|error| Failure::before_commit(&error))?;
    let kept = match jobs {
        // A job that shares its commit with no other needs no savepoint.
        [job] => run_job(&begun, sealer, job.as_mut()).await?,
        jobs => {
            run_jobs(&begun, sealer, jobs).await?;
            true
        }
    };
    if kept {
        within(STATEMENT_DEADLINE, begun.commit()).await.map_err(|error| Failure::at_commit(&error))
    } else {
        within(STATEMENT_DEADLINE, begun.rollback()).await.map_err(|error| Failure::before_commit(&error))
    }
}

async fn run_jobs(begun: &Begun<'_>, sealer: &Sealer, jobs: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    say(begun, FIRST).await?;
    for job in jobs {
        let kept = run_job(begun, sealer, job.as_mut()).await?;
        say(begun, if kept { KEEP } else { TAKE_BACK }).await?;
    }
    Ok(())
}

async fn say(begun: &Begun<'_>, sql: &str) -> Result<(), Failure> {
    within(STATEMENT_DEADLINE, begun.say(sql)).await.map_err(|error| Failure::before_commit(&error))
}

/// Runs one job, and says whether its work is to be kept. One that panics or takes too long is taken back.
async fn run_job(begun: &Begun<'_>, sealer: &Sealer, job: &mut dyn Job) -> Result<bool, Failure> {
    let tx = Tx::new(begun, sealer);
    match timeout(JOB_DEADLINE, AssertUnwindSafe(job.run(&tx)).catch_unwind()).await {
        Ok(Ok(Ran::Keep)) => Ok(true),
        Ok(Ok(Ran::TakeBack)) => Ok(false),
        Ok(Ok(Ran::Again(trouble))) => Err(Failure::of_job(trouble)),
        Ok(Err(_)) => {
            tracing::error!("a write to the database panicked and was taken back");
            Ok(false)
        }
        Err(_) => {
            tracing::error!("a write to the database took longer than {} s and was taken back", JOB_DEADLINE.as_secs());
            Ok(false)
        }
    }
}

async fn within<T>(limit: Duration, doing: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let late = |_| Fault::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
    timeout(limit, doing).await.map_err(late)?
}
