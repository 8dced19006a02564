//! Named points at which a test stops this process for good, to kill it there. Without the feature
//! `pause-points` there are none.

/// Stops here if the environment's `ASSAY_PAUSE_AT` is `<point>:<name>`: makes the file that
/// `ASSAY_PAUSE_FILE` names, and never goes on.
#[cfg(feature = "pause-points")]
pub async fn at(point: &str, name: &str) {
    if std::env::var("ASSAY_PAUSE_AT").is_ok_and(|wanted| wanted == format!("{point}:{name}")) {
        let file = std::env::var("ASSAY_PAUSE_FILE").unwrap_or_default();
        if let Err(failure) = std::fs::write(&file, point) {
            tracing::error!(%file, %failure, "the pause file can't be written");
        }
        std::future::pending::<()>().await;
    }
}

/// Nothing, in a build for production.
#[cfg(not(feature = "pause-points"))]
pub async fn at(_point: &str, _name: &str) {}
