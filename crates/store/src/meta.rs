//! The one row that says whose database this is: the instance's mark, its key's check, its schema.

use assay_core::{callback::InstanceKey, node::Timestamp};
use rand::Rng as _;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, DbErr, EntityTrait as _, QueryTrait as _,
    sea_query::{Expr, Query},
};

use crate::{Conn, StoreError, Tx, entity::assay_meta, time::timestamp};

/// The table's name, by which our databases are known.
pub(crate) const TABLE: &str = "assay_meta";

/// The only row's id.
const ROW: i32 = 1;
/// What the instance's mark is made of: it stands in names in other services.
const MARK: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Whose database it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Eight characters, made at first start.
    pub instance: String,
    /// The version of the schema.
    pub schema: i32,
    key_check: Vec<u8>,
}

impl From<assay_meta::Model> for Meta {
    fn from(row: assay_meta::Model) -> Self {
        Self { instance: row.instance, schema: row.schema, key_check: row.key_check }
    }
}

impl Meta {
    /// Whether `key` is the one that the database was made with.
    pub(crate) fn fits(&self, key: &InstanceKey) -> bool {
        self.key_check == check(key)
    }
}

/// The row, if there is one.
pub(crate) async fn find(db: &impl ConnectionTrait) -> Result<Option<Meta>, DbErr> {
    let row = assay_meta::Entity::find_by_id(ROW).one(db).await?;
    Ok(row.map(Meta::from))
}

/// Makes the row in a new database; in another one, notes the schema that it has now.
pub(crate) async fn settle(db: &impl ConnectionTrait, key: &InstanceKey, schema: i32) -> Result<Meta, DbErr> {
    if let Some(meta) = find(db).await? {
        let row = assay_meta::ActiveModel { id: Unchanged(ROW), schema: Set(schema), ..Default::default() };
        assay_meta::Entity::update(row).exec(db).await?;
        return Ok(Meta { schema, ..meta });
    }
    let meta = Meta { instance: new_mark(), schema, key_check: check(key) };
    let row = assay_meta::ActiveModel {
        id: Set(ROW),
        instance: Set(meta.instance.clone()),
        schema: Set(schema),
        key_check: Set(meta.key_check.clone()),
    };
    assay_meta::Entity::insert(row).exec_without_returning(db).await?;
    Ok(meta)
}

/// The database's own time.
///
/// # Errors
/// What the database answers.
pub async fn clock(conn: &Conn<'_>) -> Result<Timestamp, StoreError> {
    let select = Query::select().expr_as(conn.now(), "now").to_owned();
    Ok(timestamp(conn.one(&select).await?.ok_or_else(|| StoreError::not_found("Time", &"now"))?))
}

/// Lets one transaction at a time decide what depends on all others: until it ends, the next one waits here.
///
/// # Errors
/// What the database answers.
pub async fn take_turns(tx: &Tx<'_>) -> Result<(), StoreError> {
    let same = Expr::col(assay_meta::Column::Schema);
    tx.exec(&assay_meta::Entity::update_many().col_expr(assay_meta::Column::Schema, same).into_query()).await?;
    Ok(())
}

fn new_mark() -> String {
    let mut random = rand::rng();
    (0..8).map(|_| char::from(MARK[random.random_range(0..MARK.len())])).collect()
}

/// A value that tells keys apart without telling the key.
fn check(key: &InstanceKey) -> Vec<u8> {
    key.derive("check").to_vec()
}
