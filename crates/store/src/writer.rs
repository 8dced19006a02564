//! The one writer: jobs that wait are run in one transaction and share one commit.
//!
//! **Invariant:** a caller hears of success only after the commit that holds its work is on disk,
//! and a job that fails takes back its own work and nobody else's.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration, vec::Drain};

use futures::{FutureExt as _, future::BoxFuture};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait as _};
use tokio::sync::{mpsc, oneshot};

use crate::{Conn, StoreError, Tx, conn::Db, lock::DatabaseLock, seal::Sealer};

/// The most jobs that share a commit: bounds how long the first of them waits.
const BATCH: usize = 256;
/// Jobs that may queue before callers have to wait for room.
const QUEUE: usize = 4096;
/// A job holds up all others, so it must be short; it is nothing but SQL.
const JOB_DEADLINE: Duration = Duration::from_secs(20);

// Each job of several runs in a savepoint; the end of one and the begin of the next are one request, since a
// request costs more than what it does.
const FIRST: &str = "SAVEPOINT job";
const KEEP: &str = "RELEASE SAVEPOINT job; SAVEPOINT job";
const TAKE_BACK: &str = "ROLLBACK TO SAVEPOINT job";

/// What a job leaves: whether its work is to be kept, and how its caller is told.
struct Outcome {
    keep: bool,
    answer: Answer,
}

type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

type Job = Box<dyn for<'t> FnOnce(&'t Tx<'t>) -> BoxFuture<'t, Outcome> + Send>;

/// Hands jobs to the writer; the writer ends when the last of them is dropped.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Starts the writer on `db`, a pool of one connection. It keeps `lock` until its last commit.
    pub fn start(db: DatabaseConnection, sealer: Arc<Sealer>, lock: DatabaseLock) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            run(db, sealer, queue).await;
            drop(lock);
        });
        Self(jobs)
    }

    /// Runs `work` in a transaction, possibly together with that of others, and commits it.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Tx<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            Box::pin(async move {
                let result = work(tx).await;
                Outcome {
                    keep: result.is_ok(),
                    answer: Box::new(move |committed| {
                        reply.send(result.and_then(|value| committed.map(|()| value))).ok();
                    }),
                }
            })
        });
        self.0.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::TakenBack)?
    }
}

async fn run(db: DatabaseConnection, sealer: Arc<Sealer>, mut queue: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let mut answers = Vec::with_capacity(batch.len());
        let committed = commit(&db, &sealer, batch.drain(..), &mut answers).await;
        if let Err(error) = &committed {
            tracing::error!(%error, "the database did not take a commit");
        }
        for answer in answers {
            answer(committed.as_ref().map(|_| ()).map_err(|error| StoreError::Commit(error.to_string())));
        }
    }
    db.close().await.ok();
}

async fn commit(
    db: &DatabaseConnection,
    sealer: &Sealer,
    mut jobs: Drain<'_, Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    if jobs.len() == 1
        && let Some(job) = jobs.next()
    {
        return commit_one(transaction, sealer, job, answers).await;
    }
    transaction.execute_unprepared(FIRST).await?;
    for job in jobs {
        let outcome = run_job(&transaction, sealer, job).await;
        let kept = outcome.as_ref().is_some_and(|outcome| outcome.keep);
        transaction.execute_unprepared(if kept { KEEP } else { TAKE_BACK }).await?;
        answers.extend(outcome.map(|outcome| outcome.answer));
    }
    transaction.commit().await
}

/// A job that shares its commit with no other needs no savepoint.
async fn commit_one(
    transaction: DatabaseTransaction,
    sealer: &Sealer,
    job: Job,
    answers: &mut Vec<Answer>,
) -> Result<(), DbErr> {
    let outcome = run_job(&transaction, sealer, job).await;
    let kept = outcome.as_ref().is_some_and(|outcome| outcome.keep);
    answers.extend(outcome.map(|outcome| outcome.answer));
    if kept { transaction.commit().await } else { transaction.rollback().await }
}

/// Runs one job. `None`: it panicked or took too long, and its caller hears of a closed channel.
async fn run_job(transaction: &DatabaseTransaction, sealer: &Sealer, job: Job) -> Option<Outcome> {
    let tx = Tx(Conn { db: Db::Transaction(transaction), sealer });
    match tokio::time::timeout(JOB_DEADLINE, AssertUnwindSafe(job(&tx)).catch_unwind()).await {
        Ok(Ok(outcome)) => Some(outcome),
        Ok(Err(_)) => {
            tracing::error!("a write to the database panicked and was taken back");
            None
        }
        Err(_) => {
            tracing::error!("a write to the database took longer than {} s and was taken back", JOB_DEADLINE.as_secs());
            None
        }
    }
}
