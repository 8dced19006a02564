//! Where an image comes from: an href that an operator gave.

use std::{
    fs::{File, canonicalize},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::error::DriverError;

/// An href that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it leads.
    pub place: Place,
    /// The digest that the image must have, in lower case hex.
    pub sha256: Option<String>,
    /// The href without credentials and query, for errors and logs.
    pub shown: String,
    /// The first half of the keys of all its versions.
    pub prefix: String,
}

/// The places that images come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// A web server.
    Web(Url),
}

impl Source {
    /// Reads an href and, if given, the SHA-256 that the image must have.
    ///
    /// # Errors
    /// Invalid: a scheme that is not served, a path that is not absolute, a checksum that is none.
    pub fn parse(href: &str, checksum: Option<&str>) -> Result<Self, DriverError> {
        let sha256 = checksum.map(parse_sha256).transpose()?;
        let prefix = half_digest(&[href, sha256.as_deref().unwrap_or_default()]);
        if let Some(path) = href.strip_prefix("file://").filter(|path| path.starts_with('/')) {
            let shown = href.to_owned();
            return Ok(Self { place: Place::File(path.into()), sha256, shown, prefix });
        }
        match Url::parse(href) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_username("").and_then(|()| shown.set_password(None)).ok();
                Ok(Self { place: Place::Web(url), sha256, shown: shown.to_string(), prefix })
            }
            _ => Err(DriverError::InvalidParameterValue(format!(
                "image {href:?} is neither file:///path nor an http or https URL; image services are not supported"
            ))),
        }
    }

    /// The cache's key of one version of this source.
    pub fn key(&self, version: &str) -> String {
        format!("{}{}", self.prefix, half_digest(&[version]))
    }
}

/// 32 hex digits that stand for these texts.
fn half_digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hex(&hash.finalize()[..16])
}

/// Lower case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_sha256(text: &str) -> Result<String, DriverError> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digits.to_ascii_lowercase());
    }
    Err(DriverError::InvalidParameterValue(format!("image checksum {text:?} is not a SHA-256 of 64 hex digits")))
}

/// A file that may be served.
pub struct LocalFile {
    /// Its path without links.
    pub path: PathBuf,
    /// What changes when the file does.
    pub version: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Finds a file in one of the `allowed` folders. Links are resolved first, so that none leads out.
///
/// # Errors
/// Invalid: absent, elsewhere, unreadable or no regular file.
pub fn find_file(path: &Path, allowed: &[PathBuf]) -> Result<LocalFile, DriverError> {
    let wrong = |why: &str| DriverError::InvalidParameterValue(format!("image file://{}: {why}", path.display()));
    let real = canonicalize(path).map_err(|error| wrong(&error.to_string()))?;
    if !allowed.iter().filter_map(|folder| canonicalize(folder).ok()).any(|folder| real.starts_with(folder)) {
        return Err(wrong("is in no folder of [conductor]file_url_allowed_paths"));
    }
    let about = File::open(&real).and_then(|file| file.metadata()).map_err(|error| wrong(&error.to_string()))?;
    if !about.is_file() || about.len() == 0 {
        return Err(wrong("is empty or no regular file"));
    }
    let (device, inode, second, part) = (about.dev(), about.ino(), about.mtime(), about.mtime_nsec());
    let size = about.len();
    Ok(LocalFile { path: real, version: format!("{device}:{inode}:{second}.{part}:{size}"), size })
}
