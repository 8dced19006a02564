//! The files that are read when the command line names none.

use std::path::{Path, PathBuf};

use super::Inputs;

/// Fills in files and folders as oslo.config does for a program called `assay`: the first of each
/// that exists, the user's before the system's.
#[must_use]
pub fn with_default_files(mut inputs: Inputs, home: Option<&Path>) -> Inputs {
    if inputs.files.is_empty() && inputs.folders.is_empty() {
        inputs.files.extend(first(home, "assay.conf"));
        inputs.folders.extend(first(home, "assay.conf.d"));
    }
    inputs
}

fn first(home: Option<&Path>, name: &str) -> Option<PathBuf> {
    let folders = home
        .into_iter()
        .flat_map(|home| [home.join(".assay"), home.to_owned()])
        .chain(["/etc/assay".into(), "/etc".into()]);
    folders.map(|folder| folder.join(name)).find(|path| path.exists())
}
