//! `assay db`: looks after the database.

use std::io::Write;

use super::{Outcome, args::ConfigArgs, load};
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
