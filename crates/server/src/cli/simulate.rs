//! `assay simulate`: a load of simulated machines on a service that runs, for who wants to measure before buying machines.

use std::{io::Write, time::Duration};

use assay_sim::load::{Load, Report, put};

use super::{Outcome, args::Simulate};

/// Runs the verb.
///
/// # Errors
/// The service can't be reached or refuses what the load needs; time is over; the output can't be written.
pub async fn run(args: &Simulate, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let load = Load {
        machines: usize::try_from(args.machines)?,
        api: args.url.clone(),
        boot_url: args.boot_url.clone(),
        work: Duration::from_secs(args.work),
        patience: Duration::from_secs(args.timeout),
    };
    writeln!(out, "{} machines are enrolled at {} and inspected at the same time …", load.machines, load.api)?;
    let report = put(&load).await?;
    tell(&report, out)?;
    Ok(if report.failed.is_empty() { Outcome::Well } else { Outcome::Failed })
}

fn tell(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let Report { enrolling, inspecting, took, failed } = report;
    writeln!(out, "enrolled and verified in {:.1} s", enrolling.as_secs_f64())?;
    let a_second = took.len() as f64 / inspecting.as_secs_f64().max(f64::EPSILON);
    writeln!(out, "{} inspected in {:.1} s, {a_second:.1} a second", took.len(), inspecting.as_secs_f64())?;
    if let (Some(median), Some(last)) = (took.get(took.len() / 2), took.last()) {
        let p99 = took.get(took.len() * 99 / 100).unwrap_or(last);
        let [median, p99, last] = [median, p99, last].map(Duration::as_secs_f64);
        writeln!(
            out,
            "half of them within {median:.0} s of the first request, 99 % within {p99:.0} s, all within {last:.0} s"
        )?;
    }
    if !failed.is_empty() {
        writeln!(out, "{} failed, among them:", failed.len())?;
    }
    failed.iter().take(5).try_for_each(|failure| writeln!(out, "  {failure}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_tells_figures_and_failures() {
        let took = (1..=100).map(Duration::from_secs).collect();
        let (enrolling, inspecting) = (Duration::from_secs(2), Duration::from_secs(50));
        let report = Report { enrolling, inspecting, took, failed: vec!["simulated-7: \"no\"".to_owned()] };
        let mut out = Vec::new();
        tell(&report, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "enrolled and verified in 2.0 s\n100 inspected in 50.0 s, 2.0 a second\nhalf of them within 51 s of the first \
             request, 99 % within 100 s, all within 100 s\n1 failed, among them:\n  simulated-7: \"no\"\n"
        );
    }
}
