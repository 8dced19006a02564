//! The FAT image from which UEFI boots a disc: GRUB, and where it finds the rest.

use std::io::{Cursor, Write as _};

use fatfs::{FileSystem, FormatVolumeOptions, FsOptions, format_volume};

use super::directory::LABEL;

/// There is no FAT image.
#[derive(Debug, thiserror::Error)]
#[error("the FAT image for UEFI can't be made: {0}")]
pub struct EfiImageError(#[from] std::io::Error);

/// Room for what FAT itself takes.
const OVERHEAD: usize = 256 << 10;

/// Makes the image around GRUB's EFI program for CDs; `file` is the name that the firmware looks for,
/// such as `BOOTX64.EFI` (UEFI specification, §3.5.1.1). It holds nothing of any node.
///
/// # Errors
/// A program that does not fit on a FAT volume.
pub fn efi_image(file: &str, program: &[u8]) -> Result<Vec<u8>, EfiImageError> {
    let size = (program.len() + OVERHEAD).next_multiple_of(2048);
    let mut image = Cursor::new(vec![0; size]);
    format_volume(&mut image, FormatVolumeOptions::new().volume_label(*b"ASSAY EFI  "))?;
    let volume = FileSystem::new(&mut image, FsOptions::new())?;
    let folder = volume.root_dir().create_dir("EFI")?.create_dir("BOOT")?;
    folder.create_file(file)?.write_all(program)?;
    folder.create_file("GRUB.CFG")?.write_all(main_config().as_bytes())?;
    drop(folder);
    volume.unmount()?;
    Ok(image.into_inner())
}

/// Leads GRUB from the FAT image to the disc.
fn main_config() -> String {
    format!("search --no-floppy --set=root --label {LABEL}\nconfigfile /boot/grub/grub.cfg\n")
}
