//! The result: one row per figure, beside what is promised and what a peer takes.

use std::fmt;

use crate::figures::{Figure, Promise};

struct Row {
    figure: Figure,
    assay: f64,
    measured_peer: Option<f64>,
}

/// The rows, in the order in which they were measured.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a figure of Assay's.
    pub fn add(&mut self, figure: Figure, value: f64) {
        self.0.push(Row { figure, assay: value, measured_peer: None });
    }

    /// Adds the same figure of the peer that runs.
    pub fn peer(&mut self, figure: &Figure, value: f64) {
        if let Some(row) = self.0.iter_mut().find(|row| row.figure.what == figure.what) {
            row.measured_peer = Some(value);
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | assay | promised | peer | ratio |\n|---|---:|---:|---:|---:|")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figure { what, unit, promise, peer } = &self.figure;
        write!(f, "| {what} | {} {unit} |", short(self.assay))?;
        match promise {
            Promise::Nothing => write!(f, " |")?,
            Promise::AtMost(bound) => write!(f, " ≤ {bound}{} |", missed(self.assay > *bound))?,
            Promise::AtLeast(bound) => write!(f, " ≥ {bound}{} |", missed(self.assay < *bound))?,
        }
        let (value, source) = match (self.measured_peer, peer) {
            (Some(value), _) => (value, ""),
            (None, Some(recorded)) => (recorded.value, recorded.of),
            (None, None) => return write!(f, " | |"),
        };
        let ratio = if *unit == "/s" { self.assay / value } else { value / self.assay };
        write!(f, " {} {source} | {ratio:.0}x |", short(value))
    }
}

const fn missed(missed: bool) -> &'static str {
    if missed { " MISSED" } else { "" }
}

/// Three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        ..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
