//! Bytes that are read where they are asked for: a file's, or those of a disc that nobody wrote.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::FileExt as _,
};

use assay_core::boot::{
    iso::{Disc, PieceContent},
    names::ImageKind,
};

/// What one answer reads from; nobody else reads it meanwhile.
pub trait Readable: fmt::Debug + Send + Sync {
    /// The `len` bytes from `from` on. Blocks.
    ///
    /// # Errors
    /// What the system says; the end comes before.
    fn read(&self, from: u64, len: usize) -> io::Result<Vec<u8>>;
}

impl Readable for File {
    /// Reads without clearing the buffer first.
    fn read(&self, from: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(len);
        let mut file = self;
        file.seek(SeekFrom::Start(from))?;
        file.take(len as u64).read_to_end(&mut bytes)?;
        if bytes.len() == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// A disc and the images that are on it.
#[derive(Debug)]
pub struct OpenDisc {
    /// The layout, made for these images.
    pub disc: Disc,
    /// The kernel, and its length.
    pub kernel: (File, u64),
    /// The ramdisk, and its length.
    pub ramdisk: (File, u64),
}

impl Readable for OpenDisc {
    fn read(&self, from: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let end = from.saturating_add(len as u64);
        for piece in &self.disc.pieces {
            let (first, last) = (piece.at.max(from), (piece.at + self.len_of(&piece.content)).min(end));
            if first < last {
                let there = &mut bytes[index(first - from)?..index(last - from)?];
                self.read_piece(&piece.content, first - piece.at, there)?;
            }
        }
        if end <= self.disc.len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl OpenDisc {
    fn len_of(&self, content: &PieceContent) -> u64 {
        match content {
            PieceContent::Bytes(bytes) => bytes.len() as u64,
            PieceContent::Image(kind) => self.image(*kind).1,
        }
    }

    fn read_piece(&self, content: &PieceContent, from: u64, into: &mut [u8]) -> io::Result<()> {
        match content {
            PieceContent::Image(kind) => self.image(*kind).0.read_exact_at(into, from),
            PieceContent::Bytes(bytes) => {
                let from = index(from)?;
                into.copy_from_slice(&bytes[from..from + into.len()]);
                Ok(())
            }
        }
    }

    const fn image(&self, kind: ImageKind) -> &(File, u64) {
        match kind {
            ImageKind::Kernel => &self.kernel,
            ImageKind::Ramdisk => &self.ramdisk,
        }
    }
}

fn index(at: u64) -> io::Result<usize> {
    usize::try_from(at).map_err(io::Error::other)
}
