//! `cargo xtask fuzz`: libFuzzer on what strangers can send, for as long as one likes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::command;
use crate::project::Project;
use crate::ui;

/// The tool, in a version that is known to work here.
const TOOL: (&str, &str) = ("cargo-fuzz", "0.13.1");
/// The only binary of `fuzz/`; the environment tells it its target.
const BINARY: &str = "any";
/// Promise S10: an input takes no longer than a second, and no more than four times the largest body.
const LIMITS: [&str; 3] = ["-timeout=1", "-malloc_limit_mb=64", "-max_len=65536"];

/// Fuzzes one target, or all one after the other, each for so many seconds.
pub fn run(project: &Project, only: Option<&str>, seconds: u32) -> Result<()> {
    let tool = install(project)?;
    let folder = project.root.join("fuzz");
    ui::step("build the fuzzer", || {
        command::quiet(
            stable(&tool).current_dir(&folder).args(["build", BINARY, "-s", "none"]),
            &project.log("fuzz build")?,
        )
    })?;
    let targets = targets(project)?;
    let wanted: Vec<_> = targets.iter().filter(|name| only.is_none_or(|only| only == name.as_str())).collect();
    ensure!(!wanted.is_empty(), "there is no such target; there are {}", targets.join(", "));
    let mut found = Vec::new();
    for name in wanted {
        let log = project.log(&format!("fuzz {name}"))?;
        let end = ui::step(&format!("{name}, for {seconds} s"), || {
            let kept = project.cache.join("fuzz").join(name);
            fs::create_dir_all(&kept)?;
            let mut fuzz = stable(&tool);
            fuzz.current_dir(&folder).env("ASSAY_FUZZ", name).args(["run", BINARY, "-s", "none"]);
            fuzz.arg(&kept).arg(folder.join("corpus").join(name)).arg("--");
            fuzz.arg(format!("-max_total_time={seconds}")).args(LIMITS).arg("-print_final_stats=1");
            command::quiet(&mut fuzz, &log)
        });
        ui::say(&format!("    {}", told(&fs::read_to_string(&log).unwrap_or_default())));
        found.extend(end.err().map(|error| format!("{name}: {error:#}")));
    }
    let advice = "mend them, and keep each input in fuzz/corpus/<target>";
    ensure!(found.is_empty(), "{} targets found something; {advice}:\n{}", found.len(), found.join("\n"));
    Ok(())
}

/// Cargo's fuzzer needs flags that the stable compiler takes when it is told so.
fn stable(tool: &PathBuf) -> Command {
    let mut command = Command::new(tool);
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

fn install(project: &Project) -> Result<PathBuf> {
    let root = project.cache.join(TOOL.0);
    let tool = root.join("bin").join(TOOL.0);
    if !tool.exists() {
        ui::step(TOOL.0, || {
            let mut install = project.cargo();
            install.args(["install", TOOL.0, "--version", TOOL.1, "--locked", "--root"]).arg(&root);
            command::quiet(&mut install, &project.log("install cargo-fuzz")?)
        })?;
    }
    Ok(tool)
}

/// The targets are the folders of the corpus.
fn targets(project: &Project) -> Result<Vec<String>> {
    let folders = fs::read_dir(project.root.join("fuzz/corpus"))?;
    let mut names: Vec<String> = folders.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// What libFuzzer says at its end: how many inputs, how fast, and how much of the code they reached.
fn told(log: &str) -> String {
    let stat =
        |name: &str| log.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().last()).unwrap_or("?");
    let covered =
        log.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split_whitespace().next()).unwrap_or("?");
    format!(
        "{} inputs, {} a second, {covered} places reached",
        stat("stat::number_of_executed_units"),
        stat("stat::average_exec_per_sec")
    )
}
