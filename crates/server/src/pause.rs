//! Named points at which a test stops what this process does for a node: for good, to kill it there, or until the test lets it
//! go on. Without the feature `pause-points` there are none.

use assay_core::id::NodeId;

/// Stops here for good if the environment's `ASSAY_PAUSE_AT` names `<point>:<name>`, or `<point>:<name>@<node>` for this node
/// only, among others that commas part, and adds a line to the file that `ASSAY_PAUSE_FILE` names. If `ASSAY_HOLD_AT` names it, the
/// same, but it goes on when that file is gone.
#[cfg(feature = "pause-points")]
pub async fn at(point: &str, name: &str, node: NodeId) {
    use std::{env::var, io::Write, path::Path, time::Duration};

    let here = format!("{point}:{name}");
    let of_node = format!("{here}@{node}");
    let named = |variable| var(variable).is_ok_and(|wanted| wanted.split(',').any(|at| at == here || at == of_node));
    let (for_good, held) = (named("ASSAY_PAUSE_AT"), named("ASSAY_HOLD_AT"));
    if !for_good && !held {
        return;
    }
    let file = var("ASSAY_PAUSE_FILE").unwrap_or_default();
    let opened = std::fs::File::options().append(true).create(true).open(&file);
    if let Err(failure) = opened.and_then(|mut opened| writeln!(opened, "{of_node}")) {
        tracing::error!(%file, %failure, "the pause file can't be written");
    }
    while for_good || Path::new(&file).exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Nothing, in a build for production.
#[cfg(not(feature = "pause-points"))]
pub async fn at(_point: &str, _name: &str, _node: NodeId) {}
