//! `assay db`: looks after the database.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    Outcome,
    args::{BackupArgs, ConfigArgs},
    load,
};
use crate::serve::make_folders;

/// Brings the database to this version's form.
///
/// # Errors
/// The configuration can't be used; the database can't be opened, or is another service's.
pub async fn upgrade(args: &ConfigArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let config = load(args)?.config;
    make_folders(&config)?;
    let database = &config.database.connection;
    assay_store::Store::upgrade(database, &config.assay.key_file).await?;
    writeln!(out, "The {database} is in the form of this version.")?;
    Ok(Outcome::Well)
}

/// Writes the whole database into a file that is not there yet.
///
/// # Errors
/// The configuration can't be used; the database can't be read; the file is there, or can't be written.
pub async fn backup(args: &BackupArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let config = load(&args.config)?.config;
    let partial = partial(&args.file);
    anyhow::ensure!(!args.file.exists(), "{} is there already: name another file", args.file.display());
    // What is sealed in it stays sealed, but the rest of it is nobody else's business either.
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial);
    let file = file.with_context(|| format!("{} can't be made", partial.display()))?;
    let rows = assay_store::backup::backup(&config.database.connection, &file).await.inspect_err(|_| {
        fs::remove_file(&partial).ok();
    })?;
    file.sync_all()?;
    fs::rename(&partial, &args.file)?;
    let (database, name) = (&config.database.connection, args.file.display());
    writeln!(out, "{rows} rows of the {database} are in {name}. Keep {} with it.", config.assay.key_file.display())?;
    Ok(Outcome::Well)
}

/// A backup has its name only once it is whole.
fn partial(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Fills an empty database with a backup.
///
/// # Errors
/// The configuration can't be used; the database is not empty; the key is not the backup's; the file can't be read.
pub async fn restore(args: &BackupArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let config = load(&args.config)?.config;
    make_folders(&config)?;
    let file = File::open(&args.file).with_context(|| format!("{} can't be read", args.file.display()))?;
    let database = &config.database.connection;
    let rows = assay_store::backup::restore(database, &config.assay.key_file, BufReader::new(file)).await?;
    writeln!(out, "The {database} holds the {rows} rows of {}.", args.file.display())?;
    Ok(Outcome::Well)
}
