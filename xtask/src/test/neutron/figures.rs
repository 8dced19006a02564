//! What a managed inspection takes, printed and not asserted: the machine that measures is busy with others.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::boots::posts_and_ends_well;
use super::cloud::Cloud;
use super::left::nothing_left;
use super::node::Node;
use crate::test::findings::Findings;
use crate::ui;

/// One node with one port and no machine behind it: all that is left is ours, Neutron's and the switch's.
pub fn measure(cloud: &Cloud, findings: &mut Findings) -> Result<()> {
    cloud.serve(&[])?;
    let node = Node::without_machine(cloud, "measured", 1, &json!({}))?;
    for run in ["first", "second"] {
        let before = cloud.stack.requests()?;
        let to_wait = timed(|| node.inspect_until_it_waits())?;
        let started = cloud.stack.requests()?;
        let to_end = timed(|| posts_and_ends_well(&node, findings))?;
        let ended = cloud.stack.requests()?;
        ui::say(&format!(
            "    {run} run: inspect to inspect wait {:.2} s, posted to manageable {:.2} s; requests to Keystone {} + {}, \
             to Neutron {} + {}",
            to_wait.as_secs_f64(),
            to_end.as_secs_f64(),
            started.0 - before.0,
            ended.0 - started.0,
            started.1 - before.1,
            ended.1 - started.1,
        ));
    }
    nothing_left(&node, findings)
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}
