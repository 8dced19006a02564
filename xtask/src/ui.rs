//! What the task runner says on the terminal: one line per step, with its time.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Result;

/// Says one line.
pub fn say(line: &str) {
    writeln!(io::stdout().lock(), "{line}").ok();
}

/// Says a heading.
pub fn heading(title: &str) {
    say(&format!("\n{}", bold(title)));
}

/// Runs a step: says its name at once, and how long it took when it is done.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    if io::stdout().is_terminal() {
        write!(io::stdout().lock(), "  … {name}\r").ok();
        io::stdout().flush().ok();
    } else {
        say(&format!("  … {name}"));
    }
    let result = work();
    let mark = if result.is_ok() { paint("32", "✔") } else { paint("31", "✘") };
    say(&format!("  {mark} {name:<58}{:>8}", seconds(began.elapsed())));
    result
}

/// A duration as people say it: `0.3 s`, `1 m 12 s`.
pub fn seconds(time: Duration) -> String {
    if time < Duration::from_mins(1) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    format!("{} m {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}

/// Text in bold, where the terminal can.
pub fn bold(text: &str) -> String {
    paint("1", text)
}

/// Text in a colour (an SGR code), where the terminal can.
pub fn paint(code: &str, text: &str) -> String {
    if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        return format!("\x1b[{code}m{text}\x1b[0m");
    }
    text.to_owned()
}
