//! `assay audit`: asks the running service what is left behind. The database belongs to it alone.

use std::{io::Write, time::Duration};

use anyhow::Context;

use super::{Outcome, args::Audit};
use crate::audit::Report;

/// Every BMC is asked; the service bounds each of them.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs the verb.
///
/// # Errors
/// The output can't be written; the service sent something else than a report.
pub async fn run(args: &Audit, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let url = format!("{}/v1/audit", args.url.trim_end_matches('/'));
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let answer = match client.get(&url).send().await.and_then(reqwest::Response::error_for_status) {
        Ok(answer) => answer,
        Err(error) => {
            writeln!(out, "{url} can't be asked: {error}; is `assay serve` running?")?;
            return Ok(Outcome::Unreachable);
        }
    };
    let report: Report = answer.json().await.with_context(|| format!("{url} sent no report"))?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&report, out)?;
    }
    Ok(if report.left_behind.is_empty() && report.unknown.is_empty() { Outcome::Well } else { Outcome::Failed })
}

fn print(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    for finding in &report.left_behind {
        writeln!(out, "left behind  {}: {}", finding.node, finding.text)?;
    }
    for finding in &report.unknown {
        writeln!(out, "unknown      {}: {}", finding.node, finding.text)?;
    }
    writeln!(
        out,
        "{} nodes, {} in inspection; {} left behind, {} unknown",
        report.nodes,
        report.in_inspection,
        report.left_behind.len(),
        report.unknown.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Finding;

    #[test]
    fn each_finding_is_a_line_with_its_node() {
        let finding = |text: &str| Finding { node: "n1".into(), text: text.into() };
        let report =
            Report { nodes: 3, in_inspection: 1, left_behind: vec![finding("x")], unknown: vec![finding("y")] };
        let mut out = Vec::new();
        print(&report, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "left behind  n1: x\nunknown      n1: y\n3 nodes, 1 in inspection; 1 left behind, 1 unknown\n"
        );
    }
}
