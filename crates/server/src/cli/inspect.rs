//! `assay inspect`: starts an inspection through the API, looks on, and tells how it ended.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use assay_core::{
    inventory::{Inventory, summary::summary},
    provision::ProvisionState,
};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    Outcome,
    args::Inspect,
    client::{Api, ClientError},
    follow::{Follower, Timeline},
};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the API may be away while we look on; a restart of the service is shorter.
const ABSENCE: Duration = Duration::from_secs(60);

/// Runs the verb.
///
/// # Errors
/// The output can't be written; the TLS library can't be started.
pub async fn run(args: &Inspect, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let api = Api::of(&args.client)?;
    match inspect(&api, args, out).await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Output(error)) => Err(error.into()),
        Err(Stop::Api(error @ ClientError::Unreachable { .. })) => {
            writeln!(out, "{error}")?;
            Ok(Outcome::Unreachable)
        }
        Err(Stop::Api(error)) => {
            writeln!(out, "{error}")?;
            Ok(Outcome::Failed)
        }
    }
}

/// What ends the verb before its time.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Api(#[from] ClientError),
    #[error(transparent)]
    Output(#[from] io::Error),
}

async fn inspect(api: &Api, args: &Inspect, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let node = api.get(&format!("/v1/nodes/{}", args.node)).await?;
    let path = format!("/v1/nodes/{}", node["uuid"].as_str().unwrap_or(&args.node));
    let terminal = io::stdout().is_terminal();
    let mut follower = Follower { coloured: terminal, ..Follower::default() };
    if !args.no_start {
        follower.former = timeline(api, &path).await?.run;
        api.put(&format!("{path}/states/provision"), &json!({"target": "inspect"})).await?;
    }
    if !args.watch {
        writeln!(out, "The inspection of {0} has begun. `assay inspect {0} --watch --no-start` looks on.", args.node)?;
        return Ok(Outcome::Well);
    }
    let deadline = Instant::now() + Duration::from_secs(args.timeout);
    let Some(node) = watch(api, &path, &mut follower, terminal, deadline, out).await? else {
        writeln!(out, "No end in {} seconds; the inspection goes on.", args.timeout)?;
        return Ok(Outcome::Unreachable);
    };
    conclude(api, &path, &node, out).await
}

/// The node's newest run; a service without timelines has none.
async fn timeline(api: &Api, path: &str) -> Result<Timeline, ClientError> {
    match api.get(&format!("{path}/timeline")).await {
        Ok(value) => Ok(serde_json::from_value(value).unwrap_or_default()),
        Err(ClientError::Refused { .. }) => Ok(Timeline::default()),
        Err(error) => Err(error),
    }
}

/// Shows what comes until the node is no longer in inspection, and returns it; `None` at the deadline.
async fn watch(
    api: &Api,
    path: &str,
    follower: &mut Follower,
    terminal: bool,
    deadline: Instant,
    out: &mut dyn Write,
) -> Result<Option<Value>, Stop> {
    let mut heard = Instant::now();
    loop {
        // The node is asked first: when it has come to its end, the timeline is complete.
        match look(api, path).await {
            Err(error @ ClientError::Unreachable { .. }) if heard + ABSENCE > Instant::now() => {
                progress(out, terminal, &error.to_string())?;
            }
            Err(error) => return Err(error.into()),
            Ok((node, timeline)) => {
                heard = Instant::now();
                for line in follower.news(&timeline) {
                    clear(out, terminal)?;
                    writeln!(out, "{line}")?;
                }
                let state = node["provision_state"].as_str().unwrap_or_default();
                if !in_inspection(state) {
                    clear(out, terminal)?;
                    return Ok(Some(node));
                }
                progress(out, terminal, &follower.progress(state, Utc::now()))?;
            }
        }
        if Instant::now() >= deadline {
            clear(out, terminal)?;
            return Ok(None);
        }
        sleep(PAUSE).await;
    }
}

async fn look(api: &Api, path: &str) -> Result<(Value, Timeline), ClientError> {
    Ok((api.get(path).await?, timeline(api, path).await?))
}

fn in_inspection(state: &str) -> bool {
    matches!(ProvisionState::parse(state), Some(ProvisionState::Inspecting | ProvisionState::InspectWait))
}

/// Tells how it ended: the inventory in short, or the node's error.
async fn conclude(api: &Api, path: &str, node: &Value, out: &mut dyn Write) -> Result<Outcome, Stop> {
    let text = |field: &str| node[field].as_str().unwrap_or_default();
    let (state, error) = (text("provision_state"), text("last_error"));
    if ProvisionState::parse(state) == Some(ProvisionState::InspectFailed) {
        writeln!(out, "\nThe inspection has failed: {error}")?;
        return Ok(Outcome::Failed);
    }
    writeln!(out, "\nThe node is {state}, {}.", text("power_state"))?;
    match api.get(&format!("{path}/inventory")).await {
        Ok(data) => summarise(&data["inventory"], out)?,
        Err(ClientError::Refused { .. }) => writeln!(out, "It has no inventory.")?,
        Err(error) => return Err(error.into()),
    }
    Ok(Outcome::Well)
}

/// The inventory in lines for a person.
fn summarise(inventory: &Value, out: &mut dyn Write) -> io::Result<()> {
    let lines = inventory.as_object().map(|object| summary(&Inventory::from(object))).unwrap_or_default();
    let widest = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    lines.iter().try_for_each(|(label, value)| writeln!(out, "  {label:<widest$}  {value}"))
}

/// Replaces the progress line; only a terminal has one.
fn progress(out: &mut dyn Write, terminal: bool, line: &str) -> io::Result<()> {
    if terminal {
        write!(out, "\r\x1b[K{line}")?;
        out.flush()?;
    }
    Ok(())
}

fn clear(out: &mut dyn Write, terminal: bool) -> io::Result<()> {
    progress(out, terminal, "")
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Json, Router, routing};

    use super::*;
    use crate::cli::args::ClientArgs;

    /// An API whose node needs two looks to come to `end`.
    async fn api(end: &'static str) -> String {
        let looks = Arc::new(AtomicUsize::new(0));
        let node = move || async move {
            let state = if looks.fetch_add(1, Ordering::Relaxed) < 2 { "inspect wait" } else { end };
            Json(json!({"uuid": "u", "provision_state": state, "power_state": "power off", "last_error": "no answer"}))
        };
        let timeline = || async {
            let events = json!([{"at": "2026-01-01T00:00:00Z", "event": "power", "text": "switched off"}]);
            Json(json!({"run": "r", "phase": "ramdisk", "events": events}))
        };
        let router = Router::new()
            .route("/v1/nodes/{id}", routing::get(node))
            .route("/v1/nodes/{id}/timeline", routing::get(timeline))
            .route(
                "/v1/nodes/{id}/inventory",
                routing::get(|| async { Json(json!({"inventory": {"memory": {"physical_mb": 2048}}})) }),
            );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn watch(url: String) -> (Outcome, String) {
        let client = ClientArgs { url, username: None };
        let args = Inspect { node: "n".into(), watch: true, no_start: true, timeout: 20, client };
        let mut out = Vec::new();
        let outcome = run(&args, &mut out).await.unwrap();
        (outcome, String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn an_inspection_that_ends_well_shows_its_events_and_the_inventory() {
        let (outcome, shown) = watch(api("manageable").await).await;
        assert_eq!(outcome, Outcome::Well);
        assert_eq!(shown.matches("switched off").count(), 1, "{shown}");
        assert!(shown.contains("The node is manageable, power off.\n  Memory  2.0 GiB"), "{shown}");
    }

    #[tokio::test]
    async fn a_failed_inspection_shows_the_error_and_the_exit_code_tells() {
        let (outcome, shown) = watch(api("inspect failed").await).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(shown.ends_with("The inspection has failed: no answer\n"), "{shown}");
    }

    #[tokio::test]
    async fn an_api_that_is_not_there_is_named() {
        let (outcome, shown) = watch("http://127.0.0.1:9".into()).await;
        assert_eq!(outcome, Outcome::Unreachable);
        assert!(shown.starts_with("http://127.0.0.1:9/v1/nodes/n can't be reached: "), "{shown}");
    }
}
