//! The disc, read back by a reader of ISO 9660 that was written from the standard's other side.

use super::*;
use crate::{
    boot::{BootChain, BootRecord, Callback, DhcpProvider},
    kernel::KernelParams,
    power::BootMode,
};

const CALLBACK: &str = "http://192.0.2.1:8080/v1/continue_inspection/run/secret";

fn record() -> BootRecord {
    BootRecord {
        node: "6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11".parse().unwrap(),
        macs: Vec::new(),
        chain: BootChain::VirtualMedia,
        cpu_arch: None,
        boot_mode: BootMode::Uefi,
        kernel: "k".to_owned(),
        ramdisk: "r".to_owned(),
        params: KernelParams::parse("nofb vga=normal").unwrap(),
        callback: Callback::Own(Vec::new()),
        dhcp: DhcpProvider::Own,
        addresses: Vec::new(),
    }
}

fn a_disc(loaders: &DiscLoaders) -> Disc {
    let (record, callback) = (record(), Secret::new(CALLBACK.to_owned()));
    disc(&NodeBoot { record: &record, callback: &callback, mac: None }, loaders, 5000, 3).unwrap()
}

fn both_loaders() -> DiscLoaders {
    let isolinux = Isolinux { program: vec![0x11; 300].into(), library: b"ldlinux".as_slice().into() };
    DiscLoaders { isolinux: Some(isolinux), efi: Some(vec![0xef; 4096].into()) }
}

/// All bytes, with `K` and `R` for those of the images.
fn bytes(disc: &Disc) -> Vec<u8> {
    let mut all = vec![0; usize::try_from(disc.len).unwrap()];
    for piece in &disc.pieces {
        let content = match &piece.content {
            PieceContent::Bytes(bytes) => bytes.to_vec(),
            PieceContent::Image(ImageKind::Kernel) => vec![b'K'; 5000],
            PieceContent::Image(ImageKind::Ramdisk) => vec![b'R'; 3],
        };
        let at = usize::try_from(piece.at).unwrap();
        assert!(all[at..at + content.len()].iter().all(|byte| *byte == 0), "pieces overlap at {at}");
        all[at..at + content.len()].copy_from_slice(&content);
    }
    all
}

fn number(bytes: &[u8]) -> usize {
    assert_eq!(&bytes[..4], bytes[4..8].iter().rev().copied().collect::<Vec<_>>(), "both byte orders agree");
    u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize
}

/// The file at `path`, found from the volume descriptor through the directories.
fn read<'a>(image: &'a [u8], path: &str) -> Option<&'a [u8]> {
    let mut record = &image[16 * 2048 + 156..];
    for name in path.split('/') {
        let (mut at, end) = (number(&record[2..]) * 2048, (number(&record[2..]) + 1) * 2048);
        record = loop {
            let entry = &image[at..end];
            match entry[0] {
                0 => return None,
                _ if &entry[33..33 + usize::from(entry[32])] == name.as_bytes() => break entry,
                len => at += usize::from(len),
            }
        };
    }
    let at = number(&record[2..]) * 2048;
    Some(&image[at..at + number(&record[10..])])
}

#[test]
fn every_file_is_found_through_the_directories() {
    let image = bytes(&a_disc(&both_loaders()));
    assert_eq!(&image[16 * 2048..16 * 2048 + 6], b"\x01CD001");
    assert_eq!(number(&image[16 * 2048 + 80..]) * 2048, image.len());
    assert_eq!(read(&image, "KERNEL.IMG;1").unwrap(), [b'K'; 5000]);
    assert_eq!(read(&image, "RAMDISK.IMG;1").unwrap(), b"RRR");
    assert_eq!(read(&image, "LDLINUX.C32;1").unwrap(), b"ldlinux");
    assert_eq!(read(&image, "EFI.IMG;1").unwrap(), [0xef; 4096]);
    for config in ["ISOLINUX.CFG;1", "BOOT/GRUB/GRUB.CFG;1"] {
        let text = String::from_utf8(read(&image, config).unwrap().to_vec()).unwrap();
        assert!(text.contains(CALLBACK) && text.contains("kernel.img") && text.contains("ramdisk.img"), "{text}");
        assert!(!text.contains("BOOTIF"), "{text}");
    }
    assert_eq!(read(&image, "NOTHING;1"), None);
}

#[test]
fn the_catalogue_offers_what_there_is_and_bios_first() {
    let entry = |image: &[u8], at: usize| {
        let catalogue = &image[21 * 2048..22 * 2048];
        let sum =
            catalogue[..32].chunks(2).fold(0_u16, |sum, word| sum.wrapping_add(u16::from_le_bytes([word[0], word[1]])));
        assert_eq!(sum, 0, "the validation entry's words add up to nothing");
        let sector = u32::from_le_bytes(catalogue[at + 8..at + 12].try_into().unwrap()) as usize;
        (catalogue[at], image[sector * 2048])
    };
    let both = bytes(&a_disc(&both_loaders()));
    assert_eq!((both[21 * 2048 + 1], entry(&both, 32)), (0, (0x88, 0x11)));
    assert_eq!((both[21 * 2048 + 65], entry(&both, 96)), (0xef, (0x88, 0xef)));
    let efi = bytes(&a_disc(&DiscLoaders { isolinux: None, ..both_loaders() }));
    assert_eq!((efi[21 * 2048 + 1], entry(&efi, 32)), (0xef, (0x88, 0xef)));
    assert_eq!(efi[21 * 2048 + 64], 0, "no second entry");
}

#[test]
fn isolinux_is_told_where_it_lies() {
    let image = bytes(&a_disc(&both_loaders()));
    let program = read(&image, "ISOLINUX.BIN;1").unwrap();
    let field = |at: usize| u32::from_le_bytes(program[at..at + 4].try_into().unwrap());
    assert_eq!((field(8), field(16)), (16, 300));
    assert_eq!(image[field(12) as usize * 2048 + 64], 0x11);
    assert_eq!(field(20), 0x1111_1111_u32.wrapping_mul(59), "the sum of the words after the table");
}

#[test]
fn an_image_that_no_directory_can_tell_of_is_refused() {
    let (record, callback) = (record(), Secret::new(CALLBACK.to_owned()));
    let boot = NodeBoot { record: &record, callback: &callback, mac: None };
    let error = disc(&boot, &both_loaders(), 5 << 30, 1).unwrap_err();
    assert_eq!(error, DiscError::TooLarge(5 << 30));
}

#[test]
fn the_efi_image_leads_the_firmware_to_grub_and_grub_to_the_disc() {
    let image = efi_image("BOOTX64.EFI", b"program").unwrap();
    let volume = fatfs::FileSystem::new(std::io::Cursor::new(image), fatfs::FsOptions::new()).unwrap();
    let read = |path: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut volume.root_dir().open_file(path).unwrap(), &mut text).unwrap();
        text
    };
    assert_eq!(read("EFI/BOOT/BOOTX64.EFI"), "program");
    assert!(read("EFI/BOOT/GRUB.CFG").contains("--label ASSAY\nconfigfile /boot/grub/grub.cfg"));
}
