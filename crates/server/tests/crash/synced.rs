//! What survives a power cut, as the kernel sees it: `strace` writes down the calls of the binary, and what was answered
//! must have been written to SQLite's log, and that log synced, before the answer was sent.

use std::{fs, path::Path};

use assay_sim::harness::Site;

use crate::wrapper::{BINARY, callback, inventory, post, site};

/// A call that matters here, in the order in which the calls ended; an answer counts from where it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// A request of this test came in.
    Asked,
    /// Bytes went to the log.
    Wrote,
    /// The log is on disk.
    Synced,
    /// A success was sent.
    Answered,
}

const CALLS: &str = "pwrite64,fdatasync,fsync,recvfrom,read,sendto,write,writev";

fn traced(trace: &Path) -> String {
    // Detached, the tracer is no parent: who kills the binary kills the binary.
    format!("exec strace -D -f -y -s 64 -e trace={CALLS} -o '{}' '{BINARY}' \"$@\"", trace.display())
}

/// Reads the trace; `request` is what the request of interest starts with.
fn calls(trace: &str, request: &str) -> Vec<Call> {
    trace.lines().filter_map(|line| call(line, request)).collect()
}

fn call(line: &str, request: &str) -> Option<Call> {
    let has = |text: &str| line.contains(text);
    if has("pwrite64") && has("-wal>") {
        return Some(Call::Wrote);
    }
    // A sync counts once it has ended, and only if it ended well.
    if (has("fdatasync") || has("fsync")) && has(" = 0") && (has("-wal>") || has("resumed")) {
        return Some(Call::Synced);
    }
    if (has("recvfrom(") || has("read(") || has("resumed")) && has(request) {
        return Some(Call::Asked);
    }
    let sends = has("sendto(") || has("write(") || has("writev(");
    (sends && (has("HTTP/1.1 200") || has("HTTP/1.1 202"))).then_some(Call::Answered)
}

/// Whether the log was written to and then synced between the request and its answer.
fn kept_before_answered(calls: &[Call]) -> bool {
    let Some(asked) = calls.iter().position(|call| *call == Call::Asked) else { return false };
    let after = &calls[asked..];
    let Some(answered) = after.iter().position(|call| *call == Call::Answered) else { return false };
    let before = &after[..answered];
    let written = before.iter().position(|call| *call == Call::Wrote);
    written.is_some_and(|at| before[at..].contains(&Call::Synced))
}

async fn trace_of(site: &mut Site, file: &Path) -> String {
    site.stop().await.unwrap();
    fs::read_to_string(file).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s7_what_was_answered_with_2xx_was_synced_to_disk_before_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace");
    let (mut site, _folder) = site(&traced(&file), 1).await.unwrap();
    let node = site.enrol(0).await.unwrap();
    let before = fs::read_to_string(&file).unwrap().lines().count();
    site.inspect(&node, "inspect wait").await.unwrap();
    let url = callback(&site, 0).await.unwrap();
    assert!(post(&url, &inventory(&site, 0, 0)).await.unwrap().is_success());
    site.wait_for(&node, "manageable").await.unwrap();

    let trace = trace_of(&mut site, &file).await;
    let inspection: Vec<&str> = trace.lines().skip(before).collect();
    let syncs = calls(&inspection.join("\n"), "").iter().filter(|call| **call == Call::Synced).count();
    println!("{syncs} syncs in one inspection");
    for request in ["POST /v1/continue", "PUT /v1/nodes/"] {
        assert!(kept_before_answered(&calls(&trace, request)), "{request}: not on disk when it was answered");
    }
}

#[test]
fn an_answer_before_the_sync_is_found_out() {
    use Call::{Answered, Asked, Synced, Wrote};
    assert!(kept_before_answered(&[Synced, Asked, Wrote, Wrote, Synced, Answered]));
    for early in [&[Asked, Wrote, Answered, Synced][..], &[Asked, Synced, Wrote, Answered], &[Asked, Synced, Answered]]
    {
        assert!(!kept_before_answered(early), "{early:?}");
    }
}
