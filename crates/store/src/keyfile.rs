//! The instance key's file: made at first start, readable by its owner only.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use assay_core::callback::InstanceKey;
use rand::RngCore as _;
use zeroize::Zeroizing;

use crate::StoreError;

/// Reads the key; `None` if there is no such file.
///
/// # Errors
/// [`StoreError::KeyExposed`] when others may read it, [`StoreError::KeyInvalid`] when it is not
/// 32 bytes long, [`StoreError::Io`].
pub fn read(path: &Path) -> Result<Option<InstanceKey>, StoreError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|source| io(path, source))?,
    };
    let mode = file.metadata().map_err(|source| io(path, source))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(StoreError::KeyExposed { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(33));
    file.take(33).read_to_end(&mut bytes).map_err(|source| io(path, source))?;
    let key = bytes.as_slice().try_into().map_err(|_| StoreError::KeyInvalid(path.to_owned()))?;
    Ok(Some(InstanceKey::new(key)))
}

/// Makes a new key and its file, which must not exist.
///
/// # Errors
/// [`StoreError::Io`].
pub fn create(path: &Path) -> Result<InstanceKey, StoreError> {
    let mut key = Zeroizing::new([0; 32]);
    rand::rng().fill_bytes(&mut *key);
    write_new(path, &*key).map_err(|source| io(path, source))?;
    Ok(InstanceKey::new(*key))
}

/// The file and its directory entry are on disk when this returns: what is sealed with the key
/// must not outlive it.
fn write_new(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key)?;
    file.sync_all()?;
    match path.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn io(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_new_key_is_read_again_and_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert!(read(&path).unwrap().is_none());
        let made = create(&path).unwrap();
        let again = read(&path).unwrap().unwrap();
        assert_eq!(made.derive("test"), again.derive("test"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(create(&path).is_err(), "an existing key is never overwritten");
    }

    #[test]
    fn s13_a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = read(&path).unwrap_err().to_string();
        assert!(refused.contains("mode 644") && refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        for length in [0, 31, 33] {
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(read(&path), Err(StoreError::KeyInvalid(_))), "{length}");
        }
    }
}
