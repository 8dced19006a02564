//! Everything that the fuzzer's corpus holds is given to its target again.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![allow(clippy::panic, clippy::disallowed_methods, reason = "a test that can't go on fails, and measures")]

mod targets;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Promise S10. An optimised build needs a thousandth of it.
const LONGEST: Duration = Duration::from_secs(1);

#[test]
fn s10_nothing_that_was_kept_of_the_fuzzing_panics_or_hangs() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let folder = corpus.join(name);
        let mut files = 0;
        for entry in fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display())) {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let began = Instant::now();
            target(&bytes);
            assert!(began.elapsed() < LONGEST, "{} takes {:?}", path.display(), began.elapsed());
            files += 1;
        }
        assert!(files > 0, "{} is empty", folder.display());
    }
}
