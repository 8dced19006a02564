//! Ctrl-C: every wait of the task runner ends early, so that what was started is stopped by its guards.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::ui;

static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Takes over SIGINT, SIGTERM and SIGHUP.
pub fn listen() -> Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(asked)).context("cannot listen for signals")?;
    }
    Ok(())
}

/// Whether somebody asked us to stop; who finds out first says so, since stopping takes a moment.
pub fn asked() -> bool {
    static TOLD: Once = Once::new();
    let asked = ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed));
    if asked {
        TOLD.call_once(|| ui::say("\n  interrupted: stopping what was started"));
    }
    asked
}

/// Fails when somebody asked us to stop.
pub fn check() -> Result<()> {
    if asked() {
        bail!("interrupted");
    }
    Ok(())
}

/// Sleeps, unless somebody asks us to stop.
pub fn sleep(time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        check()?;
        thread::sleep(Duration::from_millis(25).min(time));
    }
    check()
}

/// Asks `ready` again and again until it gives a value; fails at the limit, saying what was awaited.
pub fn wait_for<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let until = Instant::now() + limit;
    loop {
        if let Some(value) = ready()? {
            return Ok(value);
        }
        if Instant::now() > until {
            bail!("{what}: not within {} s", limit.as_secs());
        }
        sleep(Duration::from_millis(100))?;
    }
}
