//! Closed loops, rates and percentiles.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::try_join_all;

/// How many requests are under way at the same time.
pub const CLIENTS: usize = 8;

/// Does something for `0..count`, so many at the same time, and returns how many a second.
pub async fn each<F: Future<Output = anyhow::Result<()>>>(
    count: usize,
    act: impl Fn(usize) -> F,
) -> anyhow::Result<f64> {
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    let client = || async {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return anyhow::Ok(());
            }
            act(index).await?;
        }
    };
    try_join_all((0..CLIENTS).map(|_| client())).await?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Does something for `0..count`, one after the other, and returns how long it takes: the median,
/// in milliseconds.
pub async fn alone<F: Future<Output = anyhow::Result<()>>>(
    count: usize,
    act: impl Fn(usize) -> F,
) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(count);
    for index in 0..count {
        let began = Instant::now();
        act(index).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(percentile(&mut times, 0.5))
}

/// Does something again and again for a while; returns how often, and how many times a second.
pub async fn rate<F: Future<Output = anyhow::Result<()>>>(
    time: Duration,
    act: impl Fn(usize) -> F,
) -> anyhow::Result<(usize, f64)> {
    let (done, began) = (AtomicUsize::new(0), Instant::now());
    let client = || async {
        while began.elapsed() < time {
            act(done.load(Ordering::Relaxed)).await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        anyhow::Ok(())
    };
    try_join_all((0..CLIENTS).map(|_| client())).await?;
    let done = done.into_inner();
    Ok((done, done as f64 / began.elapsed().as_secs_f64()))
}

/// The value below which this share of the values is; 0 without values.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len().max(1));
    values.get(at - 1).copied().unwrap_or_default()
}
