//! The long-lived tasks of the process: each has a name, all are joined, and the end of one that
//! nobody asked for ends the process.

use std::{future::Future, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::listen::{self, Limits};

/// The tasks, and the token that tells all of them to end.
#[derive(Debug, Default)]
pub struct Tasks {
    /// Cancelled when the process is to end.
    pub stop: CancellationToken,
    running: JoinSet<(&'static str, anyhow::Result<()>)>,
}

impl Tasks {
    /// Starts a task; it has to end soon after `stop` is cancelled.
    pub fn spawn<F>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.running.spawn(async move { (name, task.await) });
    }

    /// Starts an HTTP listener that tells handlers the peer's address.
    pub fn serve(&mut self, name: &'static str, listener: TcpListener, router: Router) {
        let served = listen::serve(listener, router, Limits::default(), self.stop.clone());
        self.spawn(name, async move {
            served.await;
            Ok(())
        });
    }

    /// Runs until a signal comes or a task ends, then tells all to end and joins them within `grace`.
    ///
    /// # Errors
    /// A task has ended by itself; which, and why.
    pub async fn run(mut self, grace: Duration) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let result = tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            Some(ended) = self.running.join_next() => Err(unexpected(ended)),
        };
        info!("coming to a safe point");
        self.stop.cancel();
        if timeout(grace, self.join()).await.is_err() {
            warn!(
                seconds = grace.as_secs(),
                "not everything came to a safe point in time; it is taken up at the next start"
            );
        }
        result
    }

    async fn join(&mut self) {
        while let Some(ended) = self.running.join_next().await {
            match ended {
                Ok((name, Err(failure))) => error!("{name} ended with: {failure:#}"),
                Err(failure) => error!("a task broke off: {failure}"),
                Ok((_, Ok(()))) => {}
            }
        }
    }
}

fn unexpected(ended: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok((name, Ok(()))) => anyhow::anyhow!("{name} ended although nobody asked it to"),
        Ok((name, Err(failure))) => failure.context(format!("{name} failed")),
        Err(failure) => anyhow::Error::new(failure).context("a task broke off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_by_itself_ends_all_others_and_is_named() {
        let mut tasks = Tasks::default();
        let stop = tasks.stop.clone();
        tasks.spawn("patience", async move {
            stop.cancelled().await;
            Ok(())
        });
        tasks.spawn("TFTP", async { anyhow::bail!("socket closed") });
        let failure = tasks.run(Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(format!("{failure:#}"), "TFTP failed: socket closed");
    }
}
