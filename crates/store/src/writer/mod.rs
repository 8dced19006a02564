//! Writing: jobs that wait are run in one transaction and share one commit where the database has one writer; a server
//! has several, and shares commits by itself.
//!
//! **Invariant:** a caller hears of success only after the commit that holds its work is on disk,
//! and a job that fails takes back its own work and nobody else's.

mod session;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::{
    runtime::Handle,
    sync::{Mutex, mpsc, oneshot},
};

use crate::{Database, StoreError, Tx, database::Link, lock::DatabaseLock, seal::Sealer, trouble, trouble::Trouble};
use session::Session;

/// Jobs that may queue before callers have to wait for room.
const QUEUE: usize = 4096;
/// The most jobs that share a commit of the one writer: bounds how long the first of them waits.
const BATCH: usize = 256;
/// The writers of a server. Each job is a transaction of its own there, so that none waits for another's row.
const WRITERS: usize = 8;

/// One caller's work, which may be run more than once before it is committed.
trait Job: Send {
    /// Runs it in this transaction.
    fn run<'t>(&'t mut self, tx: &'t Tx<'t>) -> BoxFuture<'t, Ran>;
    /// Tells the caller.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What one run of a job says of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ran {
    Keep,
    /// It failed by itself.
    TakeBack,
    /// The database failed it.
    Again(Trouble),
}

struct Work<T, F> {
    work: F,
    made: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t Tx<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Clone + Send + 'static,
{
    fn run<'t>(&'t mut self, tx: &'t Tx<'t>) -> BoxFuture<'t, Ran> {
        self.made = None;
        let work = self.work.clone();
        Box::pin(async move {
            let result = work(tx).await;
            let ran = match result.as_ref().err().map(trouble::of_job) {
                None => Ran::Keep,
                Some(Trouble::Other) => Ran::TakeBack,
                Some(trouble) => Ran::Again(trouble),
            };
            self.made = Some(result);
            ran
        })
    }

    /// Its own error counts more than what became of its transaction; without a result it broke off.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (self.made.unwrap_or(Err(StoreError::TakenBack)), committed) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(failure)) | (Err(_), Err(failure @ StoreError::Away(_))) => Err(failure),
            (Err(own), _) => Err(own),
        };
        self.reply.send(answer).ok();
    }
}

/// Hands jobs to the writers; they end when the last handle is dropped.
#[derive(Clone)]
pub struct Writer(mpsc::Sender<Box<dyn Job>>);

impl Writer {
    /// Starts the writers of a database; `first` is a connection of it that exists already. They keep `lock` until
    /// their last commit.
    ///
    /// # Errors
    /// [`StoreError::Io`]: the system has no thread left for the writer of a file.
    pub fn start(
        database: &Database,
        first: Link,
        sealer: &Arc<Sealer>,
        lock: Option<DatabaseLock>,
    ) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let mut first = Some(first);
        let mut session = || Session::new(database.clone(), first.take(), sealer.clone());
        match database {
            Database::File(path) => {
                let (session, runtime) = (session(), Handle::current());
                let serve = move || {
                    runtime.block_on(serve(session, &queue, BATCH));
                    drop(lock);
                };
                // A commit waits for the disk.
                let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(serve);
                thread.map_err(|source| StoreError::Io { path: path.clone(), source })?;
            }
            Database::Server(_) => {
                for _ in 0..WRITERS {
                    let (session, queue) = (session(), queue.clone());
                    tokio::spawn(async move { serve(session, &queue, 1).await });
                }
            }
        }
        Ok(Self(jobs))
    }

    /// Runs `work` in a transaction, possibly together with that of others, and commits it.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Tx<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Clone + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.0.send(Box::new(Work { work, made: None, reply })).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::TakenBack)?
    }
}

async fn serve(mut session: Session, queue: &Mutex<mpsc::Receiver<Box<dyn Job>>>, most: usize) {
    loop {
        let mut batch = Vec::with_capacity(most.min(16));
        if queue.lock().await.recv_many(&mut batch, most).await == 0 {
            return session.close().await;
        }
        session.carry_out(batch).await;
    }
}
