//! The disk is full, and then it is not: nothing is answered well that could not be kept, and nothing is lost or left.

use std::{fs::File, io::Write as _, path::PathBuf};

use anyhow::Context as _;
use assay_sim::harness::Site;
use reqwest::Method;
use serde_json::json;

use crate::wrapper::{BINARY, callback, inventory, post, site};

/// More than what SQLite's log has room for from earlier commits, and less than what a body may be.
const NOISE: usize = 4 << 20;

/// Gives the binary a small disk of its own for its state, in a mount namespace that ends with it.
fn on_a_small_disk() -> String {
    format!(
        r#"exec unshare --map-root-user --mount sh -e -c '
mkdir "$OS_ASSAY__STATE_PATH.disk"
mount -t tmpfs -o size=64m tmpfs "$OS_ASSAY__STATE_PATH.disk"
cp -r "$OS_ASSAY__STATE_PATH/." "$OS_ASSAY__STATE_PATH.disk"
mount --bind "$OS_ASSAY__STATE_PATH.disk" "$OS_ASSAY__STATE_PATH"
exec "$0" "$@"' '{BINARY}' "$@""#
    )
}

/// A file that takes all the room that is left on the binary's disk.
struct Filler(PathBuf);

impl Filler {
    fn fill(site: &mut Site) -> anyhow::Result<Self> {
        let pid = site.process()?.id().context("the binary has ended")?;
        let inside = site.installation.path("state/filler");
        let path = PathBuf::from(format!("/proc/{pid}/root{}", inside.display()));
        let mut file = File::create(&path)?;
        while file.write(&[b'x'; 4096]).is_ok() {}
        Ok(Self(path))
    }

    fn remove(self) -> std::io::Result<()> {
        std::fs::remove_file(self.0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s7_a_post_that_a_full_disk_cannot_keep_is_refused_and_accepted_once_there_is_room() {
    let (mut site, _folder) = site(&on_a_small_disk(), 2).await.unwrap();
    let (posting, aborted) = (site.enrol(0).await.unwrap(), site.enrol(1).await.unwrap());
    for node in [&posting, &aborted] {
        site.inspect(node, "inspect wait").await.unwrap();
    }
    let (url, body) = (callback(&site, 0).await.unwrap(), inventory(&site, 0, NOISE));

    let filler = Filler::fill(&mut site).unwrap();
    let refused = post(&url, &body).await.unwrap();
    assert!(refused.is_server_error(), "{refused}: {}", site.log());
    let node = site.rest.get(&format!("/v1/nodes/{posting}")).await.unwrap();
    assert_eq!(node["provision_state"], "inspect wait", "reads go on");
    let path = format!("/v1/nodes/{aborted}/states/provision");
    site.rest.ask(Method::PUT, &path, Some(&json!({"target": "abort"}))).await.unwrap();

    filler.remove().unwrap();
    let accepted = post(&url, &body).await.unwrap();
    assert!(accepted.is_success(), "{accepted}: {}", site.log());
    site.wait_for(&posting, "manageable").await.unwrap();
    // The abort was kept, and goes on by itself, or it was refused, and is asked for again.
    site.rest.ask(Method::PUT, &path, Some(&json!({"target": "abort"}))).await.unwrap();
    site.wait_for(&aborted, "inspect failed").await.unwrap();
    for machine in [0, 1] {
        site.assert_nothing_left(machine).await.unwrap();
    }
}
