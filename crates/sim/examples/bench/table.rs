//! The result: one row per figure, with a column for a peer.

use std::fmt;

/// What is measured, in its unit; more is better for rates, less for all else.
struct Row {
    what: String,
    unit: &'static str,
    assay: f64,
    peer: Option<f64>,
}

/// The rows, in the order in which they were measured.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// Adds a figure of Assay's.
    pub fn add(&mut self, what: &str, unit: &'static str, value: f64) {
        self.0.push(Row { what: what.to_owned(), unit, assay: value, peer: None });
    }

    /// Adds the peer's figure to a row.
    pub fn peer(&mut self, what: &str, value: f64) {
        if let Some(row) = self.0.iter_mut().find(|row| row.what == what) {
            row.peer = Some(value);
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | assay | peer | ratio |\n|---|---|---|---|")?;
        for Row { what, unit, assay, peer } in &self.0 {
            write!(f, "| {what} | {assay:.1} {unit} |")?;
            match peer {
                Some(peer) if *unit == "/s" => writeln!(f, " {peer:.1} {unit} | {:.1}x |", assay / peer)?,
                Some(peer) => writeln!(f, " {peer:.1} {unit} | {:.1}x |", peer / assay)?,
                None => writeln!(f, " — | — |")?,
            }
        }
        Ok(())
    }
}
