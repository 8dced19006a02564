//! The numbers that `/metrics` shows. Every name is here, with what it counts.

use std::time::Duration;

use assay_core::run::{Ending, Run};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, set_global_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What a number can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many measurements were of which size.
    Histogram,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident = $text:expr;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)+

        /// Every number: its name, its kind and what it counts.
        pub const ALL: &[(&str, Kind, &str)] = &[$(($text, Kind::$kind, concat!($($doc),+)),)+];
    };
}

metrics! {
    /// Inspections and verifications that have ended, by `kind`, `outcome` and the `phase` that they reached.
    RUNS: Counter = "assay_runs_total";
    /// Effects that were carried out, by `effect` and `outcome`.
    EFFECTS: Counter = "assay_effects_total";
    /// Inspections that wait for their turn, because as many are in flight as may be.
    QUEUED: Gauge = "assay_inspections_queued";
    /// Inspections that wait for their ramdisk.
    WAITING: Gauge = "assay_inspections_waiting";
    /// Ports that inspections have on the inspection network.
    PORTS_HELD: Gauge = "assay_ports_held";
    /// Ended runs that still owe something to the world; see `assay audit`.
    DEBT: Gauge = "assay_runs_in_debt";
    /// Callbacks whose body was taken.
    CALLBACKS_ACCEPTED: Counter = "assay_callbacks_accepted_total";
    /// Callbacks that changed nothing, by `reason`.
    CALLBACKS_REFUSED: Counter = "assay_callbacks_refused_total";
    /// Boot files that were asked for, by `outcome`: found or not.
    BOOT_FILES: Counter = "assay_boot_files_total";
    /// DHCP packets of NICs whose run waits, by `outcome`: answered or not.
    DHCP: Counter = "assay_dhcp_requests_total";
    /// How long requests took, in seconds, by `service`: `keystone`, `neutron`, `introspection`, `ipmi` or `redfish`.
    CALLS: Histogram = assay_drivers::CALL_SECONDS;
}

/// The bounds of the buckets for what takes seconds: a good answer, a slow one, and the end of patience.
const SECONDS: [f64; 10] = [0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0];

/// How often measurements are sorted into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts counting, for the whole process; the handle renders what was counted.
///
/// # Errors
/// Counting has already been started.
pub fn start() -> anyhow::Result<PrometheusHandle> {
    let recorder = recorder()?;
    let handle = recorder.handle();
    set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("metrics have been started twice"))?;
    for &(name, kind, doc) in ALL {
        match kind {
            Kind::Counter => describe_counter!(name, doc.trim()),
            Kind::Gauge => describe_gauge!(name, doc.trim()),
            Kind::Histogram => describe_histogram!(name, doc.trim()),
        }
    }
    Ok(handle)
}

fn recorder() -> anyhow::Result<PrometheusRecorder> {
    Ok(PrometheusBuilder::new().set_buckets(&SECONDS)?.build_recorder())
}

/// Sorts measurements into their buckets until `stop`, so that they take no more room although nobody reads them.
pub async fn keep_up(handle: PrometheusHandle, stop: CancellationToken) {
    while stop.run_until_cancelled(sleep(UPKEEP)).await.is_some() {
        handle.run_upkeep();
    }
}

/// Counts a run that has reached its end.
pub fn run_ended(run: &Run) {
    let outcome = match run.ending {
        None | Some(Ending::Success) => "success",
        Some(Ending::Failed(_)) => "failed",
        Some(Ending::Aborted) => "aborted",
        Some(Ending::TimedOut(_)) => "timed_out",
        Some(Ending::NodeDeleted) => "node_deleted",
    };
    counter!(RUNS, "kind" => run.snapshot.kind.name(), "outcome" => outcome, "phase" => run.reached().as_str())
        .increment(1);
}

#[cfg(test)]
mod tests {
    use assay_drivers::openstack::{Call, Retry};
    use axum::http::Method;
    use metrics::set_default_local_recorder;

    use super::*;
    use crate::{
        config::{Inputs, load},
        parts::neutron_service,
    };

    #[tokio::test]
    async fn the_time_of_a_call_is_told_by_service_and_in_buckets() {
        let recorder = recorder().unwrap();
        let _guard = set_default_local_recorder(&recorder);
        let set = |name: &str, value: &str| (format!("OS_NEUTRON__{name}"), value.to_owned());
        let variables = vec![set("ENDPOINT_OVERRIDE", "http://127.0.0.1:9"), set("CONNECT_RETRIES", "0")];
        let config = load(&Inputs { variables, ..Inputs::default() }).unwrap().config;
        let neutron = neutron_service(&config).unwrap().unwrap();
        let (path, retry) = ("/v2.0/networks", Retry::Idempotent);
        neutron.call(Call { method: Method::GET, path, query: &[], body: None, retry }).await.unwrap_err();
        let told = recorder.handle().render();
        assert!(told.contains("assay_call_seconds_count{service=\"neutron\"} 1"), "{told}");
        assert!(told.contains("assay_call_seconds_bucket{service=\"neutron\",le=\"10\"} 1"), "{told}");
    }
}
