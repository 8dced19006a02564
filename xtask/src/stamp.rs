//! Things that are built once: beside each stands a stamp with the inputs it was built from.
//!
//! **Invariant**: a stamp is written only after its thing is whole, so an interrupted build is built again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::write;
use crate::ui;

/// Builds `target` with `build`, unless it exists and was built from the same `inputs`.
pub fn build_once(what: &str, target: &Path, inputs: &str, build: impl FnOnce() -> Result<()>) -> Result<()> {
    let stamp = stamp_of(target);
    if target.exists() && fs::read_to_string(&stamp).is_ok_and(|built_from| built_from == inputs) {
        return Ok(());
    }
    ui::step(what, || {
        fs::remove_file(&stamp).ok();
        remove(target)?;
        build()?;
        write(&stamp, inputs)
    })
}

/// Removes a file or a folder; one that is not there is fine.
pub fn remove(path: &Path) -> Result<()> {
    let gone = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match gone {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn stamp_of(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".built-from");
    PathBuf::from(name)
}
