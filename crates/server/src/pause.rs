//! Named points at which a test stops what this process does for a node, for good, to kill it there. Without the feature
//! `pause-points` there are none.

use assay_core::id::NodeId;

/// Stops here if the environment's `ASSAY_PAUSE_AT` names `<point>:<name>`, or `<point>:<name>@<node>` for this node only, among
/// others that commas part: adds a line to the file that `ASSAY_PAUSE_FILE` names, and never goes on.
#[cfg(feature = "pause-points")]
pub async fn at(point: &str, name: &str, node: NodeId) {
    use std::{env::var, io::Write};

    let here = format!("{point}:{name}");
    let of_node = format!("{here}@{node}");
    if !var("ASSAY_PAUSE_AT").is_ok_and(|wanted| wanted.split(',').any(|at| at == here || at == of_node)) {
        return;
    }
    let file = var("ASSAY_PAUSE_FILE").unwrap_or_default();
    let opened = std::fs::File::options().append(true).create(true).open(&file);
    if let Err(failure) = opened.and_then(|mut opened| writeln!(opened, "{of_node}")) {
        tracing::error!(%file, %failure, "the pause file can't be written");
    }
    std::future::pending::<()>().await;
}

/// Nothing, in a build for production.
#[cfg(not(feature = "pause-points"))]
pub async fn at(_point: &str, _name: &str, _node: NodeId) {}
