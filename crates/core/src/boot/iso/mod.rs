//! A bootable CD image that nobody writes: its layout is computed, and its bytes are put together
//! where they are read. Only a BMC that was told the image's name reads it (virtual media).
//!
//! ISO 9660 (ECMA-119) with an El Torito catalogue of up to two entries: ISOLINUX for BIOS, and a
//! FAT image with GRUB for UEFI. **Invariant:** the same parts give the same bytes, so that ranges
//! that are asked for at different times, of different conductors, fit together.

use std::{fmt, sync::Arc};

use crate::{
    boot::{NodeBoot, grub, names::ImageKind, pxelinux},
    kernel::InvalidKernelParam,
    secret::Secret,
};

mod directory;
mod efi;
mod el_torito;
#[cfg(test)]
mod tests;

pub use efi::{EfiImageError, efi_image};

/// Bytes in a sector of a CD.
pub const SECTOR: u64 = 2048;

/// What boots the disc, for the firmware that it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscLoaders {
    /// For BIOS.
    pub isolinux: Option<Isolinux>,
    /// The FAT image that [`efi_image`] made, for UEFI.
    pub efi: Option<Arc<[u8]>>,
}

/// ISOLINUX, and the part of it that it loads from the disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolinux {
    /// `isolinux.bin`
    pub program: Arc<[u8]>,
    /// `ldlinux.c32`
    pub library: Arc<[u8]>,
}

/// A stretch of the disc. What no piece covers is zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins, in bytes.
    pub at: u64,
    /// What is there.
    pub content: PieceContent,
}

/// Where a piece's bytes come from.
#[derive(Clone, PartialEq, Eq)]
pub enum PieceContent {
    /// These bytes. They may hold the callback's secret.
    Bytes(Arc<[u8]>),
    /// One of the node's images, as it is.
    Image(ImageKind),
}

impl fmt::Debug for PieceContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Image(kind) => f.write_str(kind.file_name()),
        }
    }
}

/// The layout of a disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disc {
    /// What is on it, in the order of its places.
    pub pieces: Vec<Piece>,
    /// Its length in bytes.
    pub len: u64,
}

/// Why there is no disc for a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscError {
    /// The kernel line can't be rendered.
    #[error(transparent)]
    KernelLine(#[from] InvalidKernelParam),
    /// ISO 9660 can't tell of such a file.
    #[error("an image of {0} bytes does not fit on a disc: 4 GiB are the most")]
    TooLarge(u64),
}

const ISOLINUX_BIN: &str = "ISOLINUX.BIN;1";
const EFI_IMAGE: &str = "EFI.IMG;1";

/// Lays a node's disc out; `kernel` and `ramdisk` are the lengths of its images in bytes.
///
/// # Errors
/// [`DiscError`]
pub fn disc(boot: &NodeBoot<'_>, loaders: &DiscLoaders, kernel: u64, ramdisk: u64) -> Result<Disc, DiscError> {
    let mut layout = Layout { next: directory::FIRST_FREE_SECTOR, pieces: Vec::new() };
    let grub = layout.text("GRUB.CFG;1", &grub::disc_config(boot)?)?;
    let mut root = Vec::new();
    if let Some(image) = &loaders.efi {
        root.push(layout.bytes(EFI_IMAGE, Arc::clone(image))?);
    }
    if let Some(Isolinux { program, library }) = &loaders.isolinux {
        root.push(layout.isolinux(program)?);
        root.push(layout.text("ISOLINUX.CFG;1", &pxelinux::disc_config(boot)?)?);
        root.push(layout.bytes("LDLINUX.C32;1", Arc::clone(library))?);
    }
    root.push(layout.image("KERNEL.IMG;1", ImageKind::Kernel, kernel)?);
    root.push(layout.image("RAMDISK.IMG;1", ImageKind::Ramdisk, ramdisk)?);
    let find = |name| root.iter().find(|file: &&File| file.name == name).map(|file| file.extent);
    let catalogue = el_torito::catalogue(find(ISOLINUX_BIN), find(EFI_IMAGE));
    let head = directory::head(layout.next, &root, &grub, &catalogue);
    let mut pieces = vec![Piece { at: 0, content: PieceContent::Bytes(head.into()) }];
    pieces.append(&mut layout.pieces);
    Ok(Disc { pieces, len: u64::from(layout.next) * SECTOR })
}

/// Where a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    sector: u32,
    len: u32,
}

/// A file in its place.
struct File {
    name: &'static str,
    extent: Extent,
}

/// The disc as it grows.
struct Layout {
    next: u32,
    pieces: Vec<Piece>,
}

impl Layout {
    fn bytes(&mut self, name: &'static str, bytes: Arc<[u8]>) -> Result<File, DiscError> {
        let extent = self.place(bytes.len() as u64)?;
        Ok(self.put(name, extent, PieceContent::Bytes(bytes)))
    }

    fn text(&mut self, name: &'static str, text: &Secret) -> Result<File, DiscError> {
        self.bytes(name, text.reveal().as_bytes().into())
    }

    fn image(&mut self, name: &'static str, kind: ImageKind, len: u64) -> Result<File, DiscError> {
        let extent = self.place(len)?;
        Ok(self.put(name, extent, PieceContent::Image(kind)))
    }

    /// ISOLINUX has to hold its own place.
    fn isolinux(&mut self, program: &[u8]) -> Result<File, DiscError> {
        let extent = self.place(program.len() as u64)?;
        let told = el_torito::with_boot_information(program, extent);
        Ok(self.put(ISOLINUX_BIN, extent, PieceContent::Bytes(told.into())))
    }

    fn place(&mut self, len: u64) -> Result<Extent, DiscError> {
        let too_large = |_| DiscError::TooLarge(len);
        let extent = Extent { sector: self.next, len: u32::try_from(len).map_err(too_large)? };
        let sectors = u32::try_from(len.div_ceil(SECTOR)).map_err(too_large)?;
        self.next = self.next.checked_add(sectors.max(1)).ok_or(DiscError::TooLarge(len))?;
        Ok(extent)
    }

    fn put(&mut self, name: &'static str, extent: Extent, content: PieceContent) -> File {
        self.pieces.push(Piece { at: u64::from(extent.sector) * SECTOR, content });
        File { name, extent }
    }
}
