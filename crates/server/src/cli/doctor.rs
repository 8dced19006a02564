//! `assay doctor`: one line for each need, and how to get what is missing.

use std::io::{IsTerminal, Write};

use super::{Outcome, args::ConfigArgs, load};
use crate::doctor::{Check, State, examine};

/// Runs the verb.
///
/// # Errors
/// The configuration can't be used; the output can't be written.
pub async fn run(args: &ConfigArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let loaded = load(args)?;
    for warning in &loaded.warnings {
        writeln!(out, "note     configuration: {warning}")?;
    }
    let checks = examine(&loaded.config).await;
    let coloured = std::io::stdout().is_terminal();
    checks.iter().try_for_each(|check| print(check, coloured, out))?;
    let missing = checks.iter().filter(|check| matches!(check.state, State::Missing(_))).count();
    writeln!(out, "{} checked, {missing} missing", checks.len())?;
    Ok(if missing == 0 { Outcome::Well } else { Outcome::Failed })
}

fn print(check: &Check, coloured: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let (word, colour) = match check.state {
        State::Met => ("ok", "\x1b[32m"),
        State::Note => ("note", "\x1b[33m"),
        State::Missing(_) => ("missing", "\x1b[31m"),
    };
    let (on, off) = if coloured { (colour, "\x1b[0m") } else { ("", "") };
    writeln!(out, "{on}{word:<8}{off} {}: {}", check.what, check.found)?;
    match &check.state {
        State::Missing(remedy) => writeln!(out, "         → {remedy}"),
        _ => Ok(()),
    }
}
