//! The raw bodies that ramdisks post, compressed; kept before anything reads them.
//!
//! **Invariant:** a run has at most one body (promise S3), and it is on disk when
//! [`Store::write`](crate::Store::write) returns (promise S7).

use std::io::{Read as _, Write as _};

use assay_core::{
    id::{BodyId, RunId},
    node::Timestamp,
};
use flate2::read::GzDecoder;
use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use crate::{
    Conn, StoreError, Tx,
    entity::bodies::{ActiveModel, Column as C, Entity},
    time::micros,
};

/// A body in its compressed form, an LZ4 frame, since gzip took more time than all else that a callback does before its
/// answer. Made outside of the writer, which must not be held up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompressedBody {
    frame: Vec<u8>,
    size: usize,
}

impl CompressedBody {
    /// Compresses a body.
    #[must_use]
    pub fn compress(raw: &[u8]) -> Self {
        let mut encoder = FrameEncoder::new(Vec::with_capacity(raw.len() / 4));
        // Writing to a Vec can't fail.
        encoder.write_all(raw).ok();
        Self { frame: encoder.finish().unwrap_or_default(), size: raw.len() }
    }
}

/// What became of a posted body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The run's body: this one, or the first.
    pub id: BodyId,
    /// Whether it is this one.
    pub first: bool,
    /// What the first was answered with, if it has been answered.
    pub reply: Option<String>,
}

/// Takes a run's body, unless it has one: then nothing changes and the first one's answer is
/// returned.
///
/// # Errors
/// What the database answers.
pub async fn accept(
    tx: &Tx<'_>,
    run: RunId,
    body: CompressedBody,
    reply: Option<String>,
    now: Timestamp,
) -> Result<Accepted, StoreError> {
    let id = Uuid::now_v7();
    let row = ActiveModel {
        id: Set(id),
        run_id: Set(run.0),
        received_at: Set(micros(now)),
        size: Set(i64::try_from(body.size).unwrap_or(i64::MAX)),
        reply: Set(reply.clone()),
        bytes: Set(body.frame),
    };
    let only_first = OnConflict::column(C::RunId).do_nothing_on([C::Id]).to_owned();
    tx.exec(&Entity::insert(row).on_conflict(only_first).into_query()).await?;
    let first = of_run(tx, run).await?.ok_or_else(|| StoreError::not_found("Body of run", &run))?;
    Ok(Accepted { first: first.id.0 == id, ..first })
}

/// Notes what the run's body was answered with, for callers that repeat it.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn set_reply(tx: &Tx<'_>, id: BodyId, reply: &str) -> Result<(), StoreError> {
    let write = Entity::update_many().col_expr(C::Reply, Expr::value(reply)).filter(C::Id.eq(id.0));
    if tx.exec(&write.into_query()).await? == 1 { Ok(()) } else { Err(StoreError::not_found("Body", &id)) }
}

/// The run's body, if it has one, without its bytes. `first` is false: it was there before.
///
/// # Errors
/// What the database answers.
pub async fn of_run(conn: &Conn<'_>, run: RunId) -> Result<Option<Accepted>, StoreError> {
    let select = Entity::find().select_only().columns([C::Id, C::Reply]).filter(C::RunId.eq(run.0));
    let found: Option<(Uuid, Option<String>)> = conn.one(&select.into_query()).await?;
    Ok(found.map(|(id, reply)| Accepted { id: BodyId(id), first: false, reply }))
}

/// The bytes as they were posted; `limit` bounds what is unpacked.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Corrupt`] when they do not unpack within `limit`.
pub async fn get(conn: &Conn<'_>, id: BodyId, limit: usize) -> Result<Vec<u8>, StoreError> {
    type Stored = (Vec<u8>, i64);
    let select = Entity::find().select_only().columns([C::Bytes, C::Size]).filter(C::Id.eq(id.0));
    let stored: Option<Stored> = conn.one(&select.into_query()).await?;
    let (bytes, size) = stored.ok_or_else(|| StoreError::not_found("Body", &id))?;
    let mut raw = Vec::with_capacity(usize::try_from(size).unwrap_or_default().min(limit));
    unpack(&bytes, limit, &mut raw).map_err(|error| StoreError::corrupt("bodies", &id, &error))?;
    if raw.len() > limit {
        return Err(StoreError::corrupt("bodies", &id, &format!("it unpacks to more than {limit} bytes")));
    }
    Ok(raw)
}

/// What gzip begins with, in which schemas before the fifth kept bodies.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// At most one byte more than `limit`.
fn unpack(bytes: &[u8], limit: usize, raw: &mut Vec<u8>) -> std::io::Result<usize> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    if bytes.starts_with(&GZIP) {
        return GzDecoder::new(bytes).take(most).read_to_end(raw);
    }
    FrameDecoder::new(bytes).take(most).read_to_end(raw)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn a_body_is_unpacked_within_its_limit_whichever_version_has_packed_it() {
        let raw = b"{\"inventory\": {}}".repeat(100);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&raw).unwrap();
        for bytes in [CompressedBody::compress(&raw).frame, gzip.finish().unwrap()] {
            let mut unpacked = Vec::new();
            unpack(&bytes, raw.len(), &mut unpacked).unwrap();
            assert_eq!(unpacked, raw);
            assert_eq!(unpack(&bytes, 10, &mut Vec::new()).unwrap(), 11, "one byte more tells that there are more");
        }
    }
}
