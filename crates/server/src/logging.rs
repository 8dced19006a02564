//! The log: short lines for a person at a terminal, JSON for everything else.
//!
//! **Invariant:** work on a run happens in a span with `run.id` and `node.id` ([`run_span`]), so that
//! every line about it carries both.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, IsTerminal},
    sync::Mutex,
};

use anyhow::Context;
use assay_core::id::{NodeId, RunId};
use tracing::{
    Span,
    field::{Empty, display},
};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        MakeWriter,
        format::Writer,
        time::{ChronoUtc, FormatTime},
    },
};

use crate::config::groups::General;

/// The span of work on one run; [`belongs_to`] adds the node as soon as it is known.
#[must_use]
pub fn run_span(run: RunId) -> Span {
    tracing::info_span!("run", run.id = %run, node.id = Empty)
}

/// Says in the current span to which node its run belongs.
pub fn belongs_to(node: NodeId) {
    Span::current().record("node.id", display(node));
}

/// Starts logging as `[DEFAULT]` asks for.
///
/// # Errors
/// The log file can't be opened; logging has already been started.
pub fn start(config: &General) -> anyhow::Result<()> {
    match &config.log_file {
        None => {
            let terminal = io::stderr().is_terminal();
            install(config, terminal, io::stderr)
        }
        Some(path) => {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .with_context(|| format!("[DEFAULT] log_file: {} can't be written", path.display()))?;
            install(config, false, Mutex::new(file))
        }
    }
}

fn install<W>(config: &General, terminal: bool, writer: W) -> anyhow::Result<()>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt().with_env_filter(filter(config.debug)).with_writer(writer);
    let installed = if config.use_json.unwrap_or(!terminal) {
        log.json().flatten_event(true).with_span_list(false).try_init()
    } else {
        log.compact().with_ansi(terminal).with_target(false).with_timer(TimeOfDay).try_init()
    };
    installed.map_err(|error| anyhow::anyhow!("logging can't be started: {error}"))
}

/// Our own lines from `debug` or `info` on; from libraries only what goes wrong, since their
/// debug lines show headers.
fn filter(debug: bool) -> EnvFilter {
    let level = if debug { "debug" } else { "info" };
    EnvFilter::new(
        ["assay", "assay_core", "assay_wire", "assay_store", "assay_drivers"]
            .iter()
            .fold("warn".to_owned(), |filter, ours| format!("{filter},{ours}={level}")),
    )
}

/// Hours, minutes, seconds and milliseconds, in UTC.
struct TimeOfDay;

impl FormatTime for TimeOfDay {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        ChronoUtc::new("%H:%M:%S%.3f".to_owned()).format_time(writer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing_subscriber::fmt::MakeWriter;
    use uuid::Uuid;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Memory {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_line_about_a_run_carries_node_and_run() {
        let memory = Memory::default();
        let log =
            tracing_subscriber::fmt().with_writer(memory.clone()).json().flatten_event(true).with_span_list(false);
        tracing::subscriber::with_default(log.finish(), || {
            run_span(RunId(Uuid::from_u128(2))).in_scope(|| {
                belongs_to(NodeId(Uuid::from_u128(1)));
                tracing::info!("power off");
            });
        });
        let line: serde_json::Value = serde_json::from_slice(&memory.0.lock().unwrap()).unwrap();
        assert_eq!(line["message"], "power off");
        assert_eq!(line["span"]["node.id"], Uuid::from_u128(1).to_string());
        assert_eq!(line["span"]["run.id"], Uuid::from_u128(2).to_string());
    }
}
