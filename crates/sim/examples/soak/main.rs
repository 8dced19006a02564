//! Plays worlds of chance until one goes wrong, on every core; `cargo xtask soak worlds` runs it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use assay_sim::worlds::{Setup, play};
use clap::Parser;

/// Plays worlds of chance.
#[derive(Parser)]
struct Args {
    /// How many.
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// The first seed; the others follow it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let began = Instant::now();
    let (next, runs, posts) = (AtomicU64::new(args.seed), AtomicU64::new(0), AtomicU64::new(0));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let failed: Vec<(u64, String)> = thread::scope(|scope| {
        let worker = || {
            let mut failed = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= args.seed + args.runs || failed.len() > 2 {
                    return failed;
                }
                match play(&Setup::by_chance(seed)) {
                    Ok(story) => {
                        runs.fetch_add(story.runs as u64, Ordering::Relaxed);
                        posts.fetch_add(story.accepted.into(), Ordering::Relaxed);
                    }
                    Err(left) => failed.push((seed, left)),
                }
            }
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    for (seed, left) in &failed {
        eprintln!("seed {seed}: play it again with --runs 1 --seed {seed}\n{left}\n");
    }
    println!(
        "{} worlds from seed {}, {} runs of the engine, {} posts, in {:.0} s: {} went wrong",
        args.runs,
        args.seed,
        runs.load(Ordering::Relaxed),
        posts.load(Ordering::Relaxed),
        began.elapsed().as_secs_f64(),
        failed.len()
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
