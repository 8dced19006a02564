//! Tables whose rows hold a whole object as JSON in `doc`, beside the columns that are filtered or
//! sorted: ports and port groups.

use assay_core::mac::MacAddress;
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, EntityTrait, QueryFilter as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::IntoCondition,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    Conn, Fault, StoreError, Tx,
    page::{self, Page},
};

/// One such table.
pub(crate) struct Documents<E: EntityTrait> {
    /// What the API calls one of its objects where none is found, such as `Port`.
    pub kind: &'static str,
    /// What it calls one that is refused, such as `port`.
    pub noun: &'static str,
    /// The table's name.
    pub table: &'static str,
    pub seq: E::Column,
    pub id: E::Column,
    pub name: E::Column,
    pub doc: E::Column,
}

/// What of an object is no other's of its kind.
#[derive(Clone, Copy)]
pub(crate) struct Unique<'a> {
    pub id: Uuid,
    pub name: Option<&'a str>,
    pub address: Option<MacAddress>,
}

impl<E: EntityTrait> Documents<E> {
    /// The objects that `select` finds.
    pub async fn all<T: DeserializeOwned>(&self, conn: &Conn<'_>, select: Select<E>) -> Result<Vec<T>, StoreError> {
        let docs: Vec<String> = conn.all(&select.select_only().column(self.doc).into_query()).await?;
        docs.iter()
            .map(|doc| serde_json::from_str(doc).map_err(|error| StoreError::corrupt(self.table, doc, &error)))
            .collect()
    }

    /// The object with this UUID.
    pub async fn get<T: DeserializeOwned>(&self, conn: &Conn<'_>, id: Uuid) -> Result<T, StoreError> {
        self.one(conn, self.id.eq(id), &id).await
    }

    /// The object with this UUID or name.
    pub async fn find<T: DeserializeOwned>(&self, conn: &Conn<'_>, uuid_or_name: &str) -> Result<T, StoreError> {
        match Uuid::parse_str(uuid_or_name) {
            Ok(id) => self.get(conn, id).await,
            Err(_) => self.one(conn, self.name.eq(uuid_or_name), &uuid_or_name).await,
        }
    }

    async fn one<T: DeserializeOwned>(
        &self,
        conn: &Conn<'_>,
        condition: impl IntoCondition,
        asked: &impl ToString,
    ) -> Result<T, StoreError> {
        let found = self.all(conn, E::find().filter(condition)).await?;
        found.into_iter().next().ok_or_else(|| StoreError::not_found(self.kind, asked))
    }

    /// A page of what `select` finds.
    pub async fn page<T: DeserializeOwned, K>(
        &self,
        conn: &Conn<'_>,
        select: Select<E>,
        page: &Page<K>,
        sort: Option<E::Column>,
    ) -> Result<Vec<T>, StoreError> {
        let columns = page::Columns { kind: self.kind, seq: self.seq, id: self.id, sort };
        self.all(conn, page::cut(conn, select, columns, page).await?).await
    }

    /// The text that `doc` holds of an object.
    pub fn text(&self, id: Uuid, object: &impl Serialize) -> Result<String, StoreError> {
        serde_json::to_string(object).map_err(|error| StoreError::corrupt(self.table, &id, &error))
    }

    /// Puts a new row in.
    pub async fn insert<A>(&self, tx: &Tx<'_>, row: A, unique: Unique<'_>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait<Entity = E>,
    {
        let inserted = tx.exec(&E::insert(row).into_query()).await;
        inserted.map(drop).map_err(|fault| self.refusal(fault, unique))
    }

    /// Writes the columns that `row` sets.
    pub async fn update<A>(&self, tx: &Tx<'_>, row: A, unique: Unique<'_>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait<Entity = E>,
    {
        let id = unique.id;
        let written = tx.exec(&E::update_many().set(row).filter(self.id.eq(id)).into_query()).await;
        self.was_there(written.map_err(|fault| self.refusal(fault, unique))?, id)
    }

    /// Deletes a row.
    pub async fn delete(&self, tx: &Tx<'_>, id: Uuid) -> Result<(), StoreError> {
        let deleted = tx.exec(&E::delete_many().filter(self.id.eq(id)).into_query()).await?;
        self.was_there(deleted, id)
    }

    fn was_there(&self, rows: u64, id: Uuid) -> Result<(), StoreError> {
        if rows == 1 { Ok(()) } else { Err(StoreError::not_found(self.kind, &id)) }
    }

    fn refusal(&self, fault: Fault, unique: Unique<'_>) -> StoreError {
        let is_other_s = |column| fault.is_duplicate(self.table, column);
        match unique {
            Unique { address: Some(address), .. } if is_other_s("address") => {
                StoreError::MacAddressInUse { kind: self.noun, address }
            }
            Unique { name: Some(name), .. } if is_other_s("name") => {
                StoreError::DuplicateName { kind: self.noun, name: name.to_owned() }
            }
            Unique { id, .. } if is_other_s("id") => StoreError::AlreadyExists { kind: self.noun, id },
            _ => fault.into(),
        }
    }
}
