//! The numbers that `/metrics` shows. Every name is here, with what it counts.

use assay_core::run::{Ending, Run};
use metrics::{counter, describe_counter, describe_gauge, set_global_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// What a number can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident = $text:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)+

        /// Every number: its name, its kind and what it counts.
        pub const ALL: &[(&str, Kind, &str)] = &[$(($text, Kind::$kind, concat!($($doc),+)),)+];
    };
}

metrics! {
    /// Inspections and verifications that have ended, by `kind` and `outcome`.
    RUNS: Counter = "assay_runs_total";
    /// Effects that were carried out, by `effect` and `outcome`.
    EFFECTS: Counter = "assay_effects_total";
    /// Inspections that wait for their ramdisk.
    WAITING: Gauge = "assay_inspections_waiting";
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
}

/// Starts counting, for the whole process; the handle renders what was counted.
///
/// # Errors
/// Counting has already been started.
pub fn start() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    set_global_recorder(recorder).map_err(|_| anyhow::anyhow!("metrics have been started twice"))?;
    for &(name, kind, doc) in ALL {
        match kind {
            Kind::Counter => describe_counter!(name, doc.trim()),
            Kind::Gauge => describe_gauge!(name, doc.trim()),
        }
    }
    Ok(handle)
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
    counter!(RUNS, "kind" => run.snapshot.kind.name(), "outcome" => outcome).increment(1);
}
