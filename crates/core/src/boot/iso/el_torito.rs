//! El Torito, the "Bootable CD-ROM Format Specification" 1.0: the catalogue of what boots a disc.

use super::{Extent, SECTOR};

const X86_BIOS: u8 = 0;
const EFI: u8 = 0xef;
const BOOTABLE: u8 = 0x88;
const LAST_HEADER: u8 = 0x91;
const ENTRY: usize = 32;

/// ISOLINUX loads the rest of itself.
const ISOLINUX_BLOCKS: u16 = 4;

/// The sector of the catalogue: BIOS first, which is the default where there are both.
pub(super) fn catalogue(bios: Option<Extent>, efi: Option<Extent>) -> [u8; SECTOR as usize] {
    let mut sector = [0; SECTOR as usize];
    let bios = bios.map(|extent| (X86_BIOS, entry(extent, ISOLINUX_BLOCKS)));
    let efi = efi.map(|extent| (EFI, entry(extent, u16::try_from(extent.len.div_ceil(512)).unwrap_or(u16::MAX))));
    let mut entries = bios.into_iter().chain(efi);
    if let Some((platform, default)) = entries.next() {
        sector[..ENTRY].copy_from_slice(&validation(platform));
        sector[ENTRY..2 * ENTRY].copy_from_slice(&default);
    }
    if let Some((platform, second)) = entries.next() {
        sector[2 * ENTRY..2 * ENTRY + 4].copy_from_slice(&[LAST_HEADER, platform, 1, 0]);
        sector[3 * ENTRY..4 * ENTRY].copy_from_slice(&second);
    }
    sector
}

/// The first entry; the sum of its 16-bit words is zero.
fn validation(platform: u8) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    entry[0] = 1;
    entry[1] = platform;
    entry[4..9].copy_from_slice(b"ASSAY");
    entry[30] = 0x55;
    entry[31] = 0xaa;
    let words = entry.chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let sum = words.fold(0_u16, u16::wrapping_add);
    entry[28..30].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
    entry
}

/// Loads `blocks` of 512 bytes, without emulating another medium.
fn entry(extent: Extent, blocks: u16) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    entry[0] = BOOTABLE;
    entry[6..8].copy_from_slice(&blocks.to_le_bytes());
    entry[8..12].copy_from_slice(&extent.sector.to_le_bytes());
    entry
}

/// ISOLINUX with its "boot information table", by which it finds the disc and itself: the sectors of
/// the volume descriptor and of the file, its length, and the sum of its words from byte 64 on.
pub(super) fn with_boot_information(program: &[u8], extent: Extent) -> Vec<u8> {
    let mut told = program.to_vec();
    let sum = told.get(64..).unwrap_or_default().chunks(4).fold(0_u32, |sum, word| {
        let mut bytes = [0; 4];
        bytes[..word.len()].copy_from_slice(word);
        sum.wrapping_add(u32::from_le_bytes(bytes))
    });
    if let Some(table) = told.get_mut(8..24) {
        let fields = [super::directory::VOLUME_SECTOR, extent.sector, extent.len, sum];
        table.iter_mut().zip(fields.iter().flat_map(|field| field.to_le_bytes())).for_each(|(byte, new)| *byte = new);
    }
    told
}
