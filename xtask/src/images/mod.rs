//! What a machine of the lab boots: Debian's kernel with a tiny ramdisk (1 MB, for failures and speed) or with the stock
//! ironic-python-agent.

mod ipa;
mod kernel;
mod tiny;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::project::Project;

/// A kernel and a ramdisk that fits it.
#[derive(Debug, Clone)]
pub struct Image {
    /// The kernel.
    pub kernel: PathBuf,
    /// The ramdisk, a cpio archive compressed with zstd.
    pub ramdisk: PathBuf,
}

/// The tiny ramdisk: asks for an address, posts a small inventory, powers off. It needs 256 MiB.
pub fn tiny(project: &Project) -> Result<Image> {
    let kernel = kernel::unpacked(project)?;
    Ok(Image { ramdisk: tiny::build(project, &kernel)?, kernel: kernel.image })
}

/// The stock ironic-python-agent. It needs 1 GiB.
pub fn ipa(project: &Project) -> Result<Image> {
    let kernel = kernel::unpacked(project)?;
    Ok(Image { ramdisk: ipa::build(project, &kernel)?, kernel: kernel.image })
}

/// Packs a folder into a ramdisk.
fn pack(folder: &Path, ramdisk: &Path, level: u8, log: &Path) -> Result<()> {
    let script = "set -o pipefail; find . -xdev | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 | zstd -q -f -T0 -\"$1\" -o \"$2\"";
    let mut bash = Command::new("bash");
    bash.args(["-c", script, "pack", &level.to_string()]).arg(ramdisk).current_dir(folder);
    command::quiet(&mut bash, log)
}
