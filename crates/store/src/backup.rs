//! A backup: one compressed file that any kind of database is restored from. What is sealed stays sealed, so that the key file is
//! kept elsewhere.
//!
//! The file is gzip; in it is a line of JSON with the schema, and then one for each row. All of it is read in one transaction.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sea_orm::{
    AccessMode, ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    IsolationLevel, QueryOrder as _, QuerySelect as _, TransactionTrait as _,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    Database, StoreError,
    entity::{
        assay_meta, bodies, boot_records, dhcp_leases, history, inspections, nodes, portgroups, ports, runs, timeline,
    },
    keyfile, meta, migration,
};

/// The form of the file.
const FORM: u32 = 1;
/// Rows that are read at once, and written in one statement.
const PAGE: u64 = 100;
/// The longest line: a body of 16 MiB that can't be compressed, in base64, and room for the rest of its row.
const LINE: u64 = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Head {
    assay_backup: u32,
    schema: i32,
}

#[derive(Deserialize)]
struct Line<'a> {
    table: String,
    #[serde(borrow)]
    row: &'a RawValue,
}

/// Every table whose rows are kept, in the order in which they are written, with the column that orders them. Conductors
/// announce themselves anew.
macro_rules! each_table {
    ($apply:ident) => {
        $apply!(assay_meta, Id);
        $apply!(nodes, Seq);
        $apply!(ports, Seq);
        $apply!(portgroups, Seq);
        $apply!(runs, Seq);
        $apply!(timeline, Seq);
        $apply!(bodies, Id);
        $apply!(inspections, Seq);
        $apply!(history, Seq);
        $apply!(boot_records, Mac);
        $apply!(dhcp_leases, Mac);
    };
}

/// Writes the database into `file` as it is at one moment; how many rows it holds. Conductors may serve it meanwhile.
///
/// # Errors
/// [`StoreError::Older`] and [`StoreError::Newer`]: another release's; [`StoreError::Foreign`]; what database and file say.
pub async fn backup(database: &Database, file: impl Write + Send) -> Result<u64, StoreError> {
    let db = database.open_reader().await.map_err(|error| database.unreachable(&error))?;
    let snapshot = db.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await;
    let snapshot = match snapshot {
        // SQLite knows no such words, and one transaction sees one moment anyway.
        Err(_) if db.get_database_backend() == DbBackend::Sqlite => db.begin().await?,
        snapshot => snapshot?,
    };
    let found = meta::find(&snapshot).await.ok().flatten().ok_or_else(|| StoreError::Foreign(database.to_string()))?;
    let (found, known) = (found.schema, migration::VERSION);
    if found != known {
        let database = database.to_string();
        return Err(if found < known {
            StoreError::Older { database, found, known }
        } else {
            StoreError::Newer { database, found, known }
        });
    }
    let mut out = Out { gzip: GzEncoder::new(file, Compression::default()), rows: 0 };
    out.line(&Head { assay_backup: FORM, schema: found })?;
    macro_rules! write_out {
        ($table:ident, $key:ident) => {
            let mut done = 0;
            loop {
                let page = $table::Entity::find().order_by_asc($table::Column::$key).offset(done).limit(PAGE);
                let rows: Vec<$table::Model> = page.all(&snapshot).await?;
                rows.iter().try_for_each(|row| out.row(stringify!($table), row))?;
                done += rows.len() as u64;
                if (rows.len() as u64) < PAGE {
                    break;
                }
            }
        };
    }
    each_table!(write_out);
    out.gzip.finish().map_err(|error| unwritable(&error))?;
    Ok(out.rows)
}

struct Out<W: Write> {
    gzip: GzEncoder<W>,
    rows: u64,
}

impl<W: Write> Out<W> {
    fn line(&mut self, line: &impl Serialize) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line).map_err(|error| StoreError::Backup(error.to_string()))?;
        text.push(b'\n');
        self.gzip.write_all(&text).map_err(|error| unwritable(&error))
    }

    fn row(&mut self, table: &str, row: &impl Serialize) -> Result<(), StoreError> {
        self.rows += 1;
        self.line(&serde_json::json!({"table": table, "row": row}))
    }
}

/// Fills an empty database with a backup; how many rows it has then. The key file has to be the one of the backup.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::KeyLost`], [`StoreError::KeyWrong`], [`StoreError::Backup`]; nothing is written then.
pub async fn restore(database: &Database, key_file: &Path, file: impl Read + Send) -> Result<u64, StoreError> {
    let key = keyfile::read(key_file)?.ok_or_else(|| StoreError::KeyLost(key_file.to_owned()))?;
    let _lock = database.lock().await?;
    let db = database.open_writer().await.map_err(|error| database.unreachable(&error))?;
    if !crate::dialect::tables(&db).await?.is_empty() {
        return Err(StoreError::NotEmpty(database.to_string()));
    }
    let mut input = Input { lines: BufReader::new(GzDecoder::new(file)), text: String::new() };
    let whose = whose(&mut input)?;
    // Before anything is made: MariaDB takes no table back.
    if !meta::Meta::from(whose.clone()).fits(&key) {
        return Err(StoreError::KeyWrong(key_file.to_owned()));
    }
    let transaction = db.begin().await?;
    migration::up(&transaction).await?;
    assay_meta::Entity::insert(whose.into_active_model().reset_all()).exec_without_returning(&transaction).await?;
    let rows = fill(&transaction, &mut input).await?;
    set_sequences(&transaction).await?;
    transaction.commit().await?;
    Ok(rows + 1)
}

/// Reads the head and the first row, which says whose database it was.
fn whose(input: &mut Input<impl Read>) -> Result<assay_meta::Model, StoreError> {
    let head: Head = serde_json::from_str(input.next()?.unwrap_or_default()).map_err(|_| not_a_backup())?;
    if head.assay_backup != FORM || head.schema != migration::VERSION {
        return Err(StoreError::Backup(format!(
            "it is of form {} and schema {}; this release reads form {FORM} and schema {}",
            head.assay_backup,
            head.schema,
            migration::VERSION
        )));
    }
    let line: Line<'_> = serde_json::from_str(input.next()?.unwrap_or_default()).map_err(|_| not_a_backup())?;
    serde_json::from_str(line.row.get()).map_err(|_| not_a_backup())
}

async fn fill(transaction: &DatabaseTransaction, input: &mut Input<impl Read>) -> Result<u64, StoreError> {
    let mut rows = 0;
    while let Some(text) = input.next()? {
        let line: Line<'_> = serde_json::from_str(text).map_err(|error| StoreError::Backup(error.to_string()))?;
        macro_rules! read_in {
            ($table:ident, $key:ident) => {
                if line.table == stringify!($table) {
                    insert::<$table::Entity, $table::Model, $table::ActiveModel>(transaction, line.row).await?;
                    rows += 1;
                    continue;
                }
            };
        }
        each_table!(read_in);
        return Err(StoreError::Backup(format!("it has a table {} that this release does not know", line.table)));
    }
    Ok(rows)
}

async fn insert<E, M, A>(transaction: &DatabaseTransaction, row: &RawValue) -> Result<(), StoreError>
where
    E: EntityTrait<Model = M>,
    M: DeserializeOwned + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = E> + Send,
{
    let row: M = serde_json::from_str(row.get()).map_err(|error| StoreError::Backup(error.to_string()))?;
    E::insert(row.into_active_model().reset_all()).exec_without_returning(transaction).await?;
    Ok(())
}

/// PostgreSQL does not learn from rows that bring their number.
async fn set_sequences(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in ["nodes", "ports", "portgroups", "runs", "timeline", "inspections", "history"] {
        let last = format!("SELECT COALESCE(MAX(seq), 1) FROM {table}");
        let set = format!("SELECT setval(pg_get_serial_sequence('{table}', 'seq'), ({last}))");
        transaction.execute_unprepared(&set).await?;
    }
    Ok(())
}

struct Input<R> {
    lines: BufReader<GzDecoder<R>>,
    text: String,
}

impl<R: Read> Input<R> {
    fn next(&mut self) -> Result<Option<&str>, StoreError> {
        self.text.clear();
        let read = self.lines.by_ref().take(LINE).read_line(&mut self.text);
        match read.map_err(|error| StoreError::Backup(format!("it can't be unpacked: {error}")))? {
            0 => Ok(None),
            _ => Ok(Some(&self.text)),
        }
    }
}

fn not_a_backup() -> StoreError {
    StoreError::Backup("it is no backup of Assay's".to_owned())
}

fn unwritable(error: &std::io::Error) -> StoreError {
    StoreError::Backup(format!("it can't be written: {error}"))
}
