//! `cargo xtask judge`: the same calls to Assay and to a real Ironic 39.0.0, side by side; what differs is a table.
//!
//! A different status is a failure; a different fault text or a different set of keys is told.

mod answer;
pub mod peer;

use std::fs;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::assay;
use crate::images;
use crate::interrupt;
use crate::lab::Lab;
use crate::project::{Project, read};
use crate::setup;
use crate::ui;
use answer::Answer;
use peer::Database;

/// Asks both, and shows the differences.
pub fn run(project: &Project) -> Result<()> {
    setup::everything(project)?;
    let binary = assay::build(project)?;
    let lab = ui::step("an empty lab", || Lab::up(project, Vec::new()))?;
    ui::step("assay serve", || assay::serve(project, &lab, &binary, &images::tiny(project)?, &[]))?;
    ui::step("Ironic 39.0.0", || peer::start(project, &lab, Database::Sqlite))?;
    let calls: Value = serde_json::from_str(&read(&project.lab_file("judge/calls.json"))?)?;
    let calls = calls.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut report = Report::default();
    for call in calls {
        interrupt::check()?;
        let (ours, theirs) = (answer::ask(&lab, assay::API, call)?, answer::ask(&lab, peer::API, call)?);
        report.compare(call, &ours, &theirs);
    }
    fs::write(project.log("judge")?, &report.lines)?;
    ui::say(&format!(
        "\n{}{} calls: {} alike, {} with another status",
        report.lines,
        calls.len(),
        report.alike,
        report.status
    ));
    ensure!(report.status == 0, "{} answers have another status than Ironic's", report.status);
    Ok(())
}

#[derive(Debug, Default)]
struct Report {
    lines: String,
    alike: usize,
    status: usize,
}

impl Report {
    fn compare(&mut self, call: &Value, ours: &Answer, theirs: &Answer) {
        let mut differences = Vec::new();
        if ours.status != theirs.status {
            self.status += 1;
            differences.push(format!("status {} (Ironic: {})", ours.status, theirs.status));
        }
        if ours.fault() != theirs.fault() {
            differences.push(format!("fault {:?} (Ironic: {:?})", ours.fault(), theirs.fault()));
        } else if ours.status == theirs.status {
            let (ours, theirs) = (ours.keys(), theirs.keys());
            let missing: Vec<_> = theirs.difference(&ours).cloned().collect();
            let more: Vec<_> = ours.difference(&theirs).cloned().collect();
            differences.extend((!missing.is_empty()).then(|| format!("lacks {}", missing.join(", "))));
            differences.extend((!more.is_empty()).then(|| format!("has also {}", more.join(", "))));
        }
        if differences.is_empty() {
            self.alike += 1;
        }
        for difference in differences {
            let word = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
            self.lines.push_str(&format!(
                "  {:<28} {:<6} {:<48} {difference}\n",
                word("label"),
                word("method"),
                word("path")
            ));
        }
    }
}
