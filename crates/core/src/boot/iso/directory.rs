//! ISO 9660 (ECMA-119): the volume's descriptors, its path tables and its three directories.

use super::{Extent, File, SECTOR};

/// The sector of the primary volume descriptor.
pub(super) const VOLUME_SECTOR: u32 = 16;
const BOOT_RECORD: u32 = 17;
const TERMINATOR: u32 = 18;
const PATHS_LITTLE: u32 = 19;
const PATHS_BIG: u32 = 20;
const CATALOGUE: u32 = 21;
const ROOT: u32 = 22;
const BOOT: u32 = 23;
const GRUB: u32 = 24;
/// The first sector after the directories.
pub(super) const FIRST_FREE_SECTOR: u32 = 25;

/// The label by which GRUB finds the disc.
pub(super) const LABEL: &str = "ASSAY";

const SECTOR_BYTES: usize = SECTOR as usize;
const DIRECTORY: u8 = 2;

/// Everything before the first file of a disc of `sectors`; `grub` lies in `/BOOT/GRUB`.
pub(super) fn head(sectors: u32, root: &[File], grub: &File, catalogue: &[u8; SECTOR_BYTES]) -> Vec<u8> {
    let mut head = vec![0; FIRST_FREE_SECTOR as usize * SECTOR_BYTES];
    let mut put = |sector: u32, bytes: &[u8]| {
        let at = sector as usize * SECTOR_BYTES;
        head[at..at + bytes.len()].copy_from_slice(bytes);
    };
    put(VOLUME_SECTOR, &volume(sectors));
    put(BOOT_RECORD, &boot_record());
    put(TERMINATOR, b"\xffCD001\x01");
    put(PATHS_LITTLE, &paths(u32::to_le_bytes, u16::to_le_bytes));
    put(PATHS_BIG, &paths(u32::to_be_bytes, u16::to_be_bytes));
    put(CATALOGUE, catalogue);
    let files = root.iter().map(|file| (file.name, record(file.name.as_bytes(), file.extent, 0)));
    put(ROOT, &directory(ROOT, ROOT, files.chain([("BOOT", folder(b"BOOT", BOOT))])));
    put(BOOT, &directory(BOOT, ROOT, [("GRUB", folder(b"GRUB", GRUB))]));
    put(GRUB, &directory(GRUB, BOOT, [(grub.name, record(grub.name.as_bytes(), grub.extent, 0))]));
    head
}

/// The primary volume descriptor, ECMA-119 §8.4; times are left out.
fn volume(sectors: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SECTOR_BYTES);
    bytes.extend_from_slice(b"\x01CD001\x01\0");
    bytes.extend_from_slice(&padded("", 32));
    bytes.extend_from_slice(&padded(LABEL, 32));
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&both_u32(sectors));
    bytes.extend_from_slice(&[0; 32]);
    for number in [1, 1, SECTOR as u16] {
        bytes.extend_from_slice(&both_u16(number));
    }
    bytes.extend_from_slice(&both_u32(path_table_len()));
    for sector in [PATHS_LITTLE.to_le_bytes(), [0; 4], PATHS_BIG.to_be_bytes(), [0; 4]] {
        bytes.extend_from_slice(&sector);
    }
    bytes.extend_from_slice(&folder(&[0], ROOT));
    bytes.extend_from_slice(&padded("", 128 * 4 + 37 * 3));
    for _ in 0..4 {
        bytes.extend_from_slice(b"0000000000000000\0");
    }
    bytes.push(1);
    bytes
}

/// The descriptor that points to the El Torito catalogue.
fn boot_record() -> Vec<u8> {
    let mut bytes = b"\0CD001\x01EL TORITO SPECIFICATION".to_vec();
    bytes.resize(71, 0);
    bytes.extend_from_slice(&CATALOGUE.to_le_bytes());
    bytes
}

/// The directories with their parents, by number from 1: the root is its own.
const FOLDERS: [(&[u8], u32, u16); 3] = [(&[0], ROOT, 1), (b"BOOT", BOOT, 1), (b"GRUB", GRUB, 2)];

fn path_table_len() -> u32 {
    FOLDERS.iter().map(|(name, ..)| 8 + name.len() as u32 + name.len() as u32 % 2).sum()
}

/// A path table, ECMA-119 §9.4, in one byte order.
fn paths(u32_bytes: fn(u32) -> [u8; 4], u16_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, sector, parent) in FOLDERS {
        bytes.extend_from_slice(&[name.len() as u8, 0]);
        bytes.extend_from_slice(&u32_bytes(sector));
        bytes.extend_from_slice(&u16_bytes(parent));
        bytes.extend_from_slice(name);
        bytes.resize(bytes.len().next_multiple_of(2), 0);
    }
    bytes
}

/// A directory's records: itself, its parent, then what is in it by name.
fn directory<'a>(own: u32, parent: u32, entries: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    let records = entries.into_iter().map(|(_, record)| record);
    [folder(&[0], own), folder(&[1], parent)].into_iter().chain(records).flatten().collect()
}

fn folder(name: &[u8], sector: u32) -> Vec<u8> {
    record(name, Extent { sector, len: SECTOR as u32 }, DIRECTORY)
}

/// A directory record, ECMA-119 §9.1, without a date.
fn record(name: &[u8], extent: Extent, flags: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&both_u32(extent.sector));
    bytes.extend_from_slice(&both_u32(extent.len));
    bytes.extend_from_slice(&[0; 7]);
    bytes.extend_from_slice(&[flags, 0, 0]);
    bytes.extend_from_slice(&both_u16(1));
    bytes.push(name.len() as u8);
    bytes.extend_from_slice(name);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes[0] = bytes.len() as u8;
    bytes
}

fn padded(text: &str, len: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(len, b' ');
    bytes
}

fn both_u32(number: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn both_u16(number: u16) -> [u8; 4] {
    let [a, b] = number.to_le_bytes();
    [a, b, b, a]
}
