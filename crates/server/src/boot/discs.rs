//! The discs that are handed to BMCs: put together from a node's images and the loaders found at start.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::PathBuf,
    sync::Arc,
};

use assay_core::boot::{
    NodeBoot,
    iso::{self, DiscLoaders, Isolinux},
    loader::Loaders,
};
use tokio::sync::Mutex;

use crate::boot::{ActiveBoot, content::OpenFile, readable::OpenDisc};

/// What ISOLINUX loads from the disc.
const ISOLINUX_LIBRARY: &str = "ldlinux.c32";

/// The loaders of discs, read when they are first needed: they take some megabytes of memory.
#[derive(Debug)]
pub struct Discs {
    names: Loaders,
    files: BTreeMap<String, PathBuf>,
    read: Mutex<BTreeMap<[String; 2], DiscLoaders>>,
}

impl Discs {
    /// Discs with these loaders; `files` says where each that was found lies.
    #[must_use]
    pub fn new(names: Loaders, files: BTreeMap<String, PathBuf>) -> Self {
        Self { names, files, read: Mutex::default() }
    }

    /// The disc of a run, ready to be read. Blocks for as long as files are opened.
    ///
    /// # Errors
    /// A loader or an image that can't be read, or a kernel line that can't be rendered.
    pub async fn open(&self, boot: Arc<ActiveBoot>, kernel: PathBuf, ramdisk: PathBuf) -> io::Result<OpenFile> {
        let loaders = self.loaders(&boot).await?;
        let assembling = tokio::task::spawn_blocking(move || assemble(&boot, &loaders, &kernel, &ramdisk));
        assembling.await.map_err(io::Error::other)?
    }

    async fn loaders(&self, boot: &ActiveBoot) -> io::Result<DiscLoaders> {
        let names = self.names.of_disc(&boot.record).map(str::to_owned);
        let mut read = self.read.lock().await;
        if let Some(loaders) = read.get(&names) {
            return Ok(loaders.clone());
        }
        let path = |name: &str| self.files.get(name).cloned();
        let [bios, uefi] = [path(&names[0]), path(&names[1])];
        let isolinux = bios.zip(path(ISOLINUX_LIBRARY)).filter(|_| names[0] != names[1]);
        let arm = boot.record.cpu_arch.as_deref() == Some("aarch64");
        let loading = tokio::task::spawn_blocking(move || load(isolinux, uefi, arm));
        let loaders = loading.await.map_err(io::Error::other)??;
        read.insert(names, loaders.clone());
        Ok(loaders)
    }
}

fn load(isolinux: Option<(PathBuf, PathBuf)>, efi: Option<PathBuf>, arm: bool) -> io::Result<DiscLoaders> {
    let isolinux = isolinux.map(|(program, library)| {
        Ok::<_, io::Error>(Isolinux { program: fs::read(program)?.into(), library: fs::read(library)?.into() })
    });
    let name = if arm { "BOOTAA64.EFI" } else { "BOOTX64.EFI" };
    let efi = efi.map(|path| iso::efi_image(name, &fs::read(path)?).map(Arc::from).map_err(io::Error::other));
    Ok(DiscLoaders { isolinux: isolinux.transpose()?, efi: efi.transpose()? })
}

fn assemble(boot: &ActiveBoot, loaders: &DiscLoaders, kernel: &PathBuf, ramdisk: &PathBuf) -> io::Result<OpenFile> {
    let open = |path: &PathBuf| {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok::<_, io::Error>((file, len))
    };
    let (kernel, ramdisk) = (open(kernel)?, open(ramdisk)?);
    let mac = match boot.record.macs.as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    let node = NodeBoot { record: &boot.record, callback: &boot.callback, mac };
    let disc = iso::disc(&node, loaders, kernel.1, ramdisk.1).map_err(io::Error::other)?;
    let len = disc.len;
    Ok(OpenFile { content: Arc::new(OpenDisc { disc, kernel, ramdisk }), len, modified: None })
}
