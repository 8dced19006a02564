//! Runs: the run itself is the conductor's JSON; the columns are what it is looked up by.
//!
//! **Invariant:** a run is written only on top of the version that its writer read.

use assay_core::{
    id::{NodeId, RunId},
    node::{Node, Timestamp},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, Condition, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
    sea_query::{Expr, Query},
};
use uuid::Uuid;

use crate::{
    Conn, StoreError, Tx,
    entity::{
        self, bodies,
        runs::{ActiveModel, Column as C, Entity},
        timeline,
    },
    nodes,
    row::from_row,
    time::{micros, timestamp},
};

/// A run as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// Its node, which may be deleted meanwhile.
    pub node_id: NodeId,
    /// What it is for, such as `inspect`.
    pub kind: String,
    /// Where it is, such as `wait`.
    pub phase: String,
    /// Something is left to do.
    pub open: bool,
    /// While it is open, no other exclusive run of the node may be.
    pub exclusive: bool,
    /// When somebody must look at it although nothing has happened.
    pub wake_at: Option<Timestamp>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When the node reached its final state.
    pub ended_at: Option<Timestamp>,
    /// Goes up with every write; 1 after [`insert`].
    pub version: i64,
    /// The run itself, journal included.
    pub doc: String,
    /// What a conductor that does not serve the node's group asks of the run while it waits.
    pub asked: Option<String>,
}

/// What is kept with a new run beside itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept<'a> {
    /// The node as it is now, secrets sealed: undo goes by it, whatever becomes of the node.
    pub node: Option<&'a Node>,
    /// Whose an inspection is, for the queue; empty: nobody's.
    pub owner: Option<&'a str>,
    /// The address of the BMC that it is about.
    pub bmc: Option<&'a str>,
    /// Since when it is in flight, if it is.
    pub admitted_at: Option<Timestamp>,
}

/// Puts a new run in; its `version` counts from 1 whatever the row says.
///
/// # Errors
/// [`StoreError::RunOpen`] when an exclusive run of the node is open,
/// [`StoreError::AlreadyExists`].
pub async fn insert(tx: &Tx<'_>, run: &RunRow, kept: Kept<'_>) -> Result<(), StoreError> {
    let row = ActiveModel {
        version: Set(1),
        owner: Set(kept.owner.map(str::to_owned)),
        bmc: Set(kept.bmc.map(str::to_owned)),
        admitted_at: Set(kept.admitted_at.map(micros)),
        node_doc: Set(kept.node.map(nodes::to_doc).transpose()?),
        node_secrets: Set(kept.node.map(|node| tx.sealer.seal(node.id, &node.secrets)).transpose()?.flatten()),
        ..columns(run)
    };
    tx.exec(&Entity::insert(row).into_query()).await.map(drop).map_err(|fault| {
        if fault.is_duplicate("runs", "open_node") {
            StoreError::RunOpen(run.node_id)
        } else if fault.is_duplicate("runs", "id") {
            StoreError::AlreadyExists { kind: "run", id: run.id.0 }
        } else {
            fault.into()
        }
    })
}

/// Writes the run on top of `expected_version`; it has `expected_version + 1` afterwards.
///
/// # Errors
/// [`StoreError::StaleRun`] when it has another version, or is gone; nothing is written then.
pub async fn save(tx: &Tx<'_>, run: &RunRow, expected_version: i64) -> Result<(), StoreError> {
    let row = ActiveModel { id: NotSet, node_id: NotSet, version: Set(expected_version + 1), ..columns(run) };
    let write =
        Entity::update_many().set(row).filter(C::Id.eq(run.id.0)).filter(C::Version.eq(expected_version)).into_query();
    if tx.exec(&write).await? == 1 { Ok(()) } else { Err(StoreError::StaleRun(run.id)) }
}

/// The run with this id.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn get(conn: &Conn<'_>, id: RunId) -> Result<RunRow, StoreError> {
    one(conn, Entity::find().filter(C::Id.eq(id.0))).await?.ok_or_else(|| StoreError::not_found("Run", &id))
}

/// The node of a run.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn node_of(conn: &Conn<'_>, id: RunId) -> Result<NodeId, StoreError> {
    let select = Entity::find().select_only().column(C::NodeId).filter(C::Id.eq(id.0));
    let node = conn.one(&select.into_query()).await?;
    node.map(NodeId).ok_or_else(|| StoreError::not_found("Run", &id))
}

/// The run with this id; nobody else writes it until the transaction has ended.
///
/// # Errors
/// [`StoreError::NotFound`].
pub async fn lock(tx: &Tx<'_>, id: RunId) -> Result<RunRow, StoreError> {
    let select = Entity::find().filter(C::Id.eq(id.0)).lock_exclusive();
    one(tx, select).await?.ok_or_else(|| StoreError::not_found("Run", &id))
}

/// The runs of a conductor group's nodes that are due at `now`, the longest due first. Those of deleted nodes are
/// everybody's.
///
/// # Errors
/// What the database answers.
pub async fn due(conn: &Conn<'_>, group: &str, now: Timestamp, limit: u64) -> Result<Vec<RunRow>, StoreError> {
    let due = Condition::all().add(C::Open.eq(true)).add(C::WakeAt.lte(micros(now))).add(serves(group));
    all(conn, Entity::find().filter(due).order_by_asc(C::WakeAt).limit(limit)).await
}

/// The runs of a conductor group's nodes that have something to do and that nobody owns: their node is not locked. A run is
/// here for a moment each time that its owner changes.
///
/// # Errors
/// What the database answers.
pub async fn adrift(conn: &Conn<'_>, group: &str) -> Result<Vec<RunId>, StoreError> {
    let node = |condition: Expr| {
        let select = Query::select()
            .expr(Expr::val(1))
            .from(entity::nodes::Entity)
            .and_where(Expr::col((entity::nodes::Entity, entity::nodes::Column::Id)).equals((Entity, C::NodeId)))
            .and_where(condition)
            .to_owned();
        Expr::exists(select)
    };
    let posted = Query::select()
        .expr(Expr::val(1))
        .from(bodies::Entity)
        .and_where(Expr::col((bodies::Entity, bodies::Column::RunId)).equals((Entity, C::Id)))
        .to_owned();
    let works = C::Phase
        .is_in(["start", "work", "undo"])
        .or(C::Phase.eq("wait").and(Expr::exists(posted)))
        // A debt that is being paid has no time of its own.
        .or(C::Phase.eq("settle").and(C::WakeAt.is_null()));
    let ids = Entity::find()
        .select_only()
        .column(C::Id)
        .filter(C::Open.eq(true))
        .filter(works)
        .filter(node(entity::nodes::Column::Reservation.is_not_null()).not())
        .filter(serves(group));
    Ok(conn.all(&ids.into_query()).await?.into_iter().map(RunId).collect())
}

/// The runs of a conductor group's nodes that wait for their ramdisk, or for a service.
///
/// # Errors
/// What the database answers.
pub async fn waiting(conn: &Conn<'_>, group: &str) -> Result<Vec<RunRow>, StoreError> {
    let waits = Condition::all().add(C::Open.eq(true)).add(C::Phase.eq("wait")).add(serves(group));
    all(conn, Entity::find().filter(waits)).await
}

/// Whether the run's node, if it is there, is of this conductor group.
fn serves(group: &str) -> Expr {
    let of_another = Query::select()
        .expr(Expr::val(1))
        .from(entity::nodes::Entity)
        .and_where(Expr::col((entity::nodes::Entity, entity::nodes::Column::Id)).equals((Entity, C::NodeId)))
        .and_where(entity::nodes::Column::ConductorGroup.ne(group))
        .to_owned();
    Expr::exists(of_another).not()
}

/// Makes a run that waits due at `now`, and leaves word of what is `asked` of it; whether it waits.
///
/// # Errors
/// What the database answers.
pub async fn ask(tx: &Tx<'_>, id: RunId, asked: Option<&str>, now: Timestamp) -> Result<bool, StoreError> {
    let mut update = Entity::update_many().col_expr(C::WakeAt, Expr::value(micros(now)));
    if let Some(asked) = asked {
        update = update.col_expr(C::Asked, Expr::value(asked));
    }
    let update = update.filter(C::Id.eq(id.0)).filter(C::Phase.is_in(["queue", "wait"]));
    Ok(tx.exec(&update.into_query()).await? == 1)
}

/// All open runs, the oldest first.
///
/// # Errors
/// What the database answers.
pub async fn open_runs(conn: &Conn<'_>) -> Result<Vec<RunRow>, StoreError> {
    all(conn, Entity::find().filter(C::Open.eq(true)).order_by_asc(C::Seq)).await
}

/// The open exclusive run of a node.
///
/// # Errors
/// What the database answers.
pub async fn open_of_node(conn: &Conn<'_>, node: NodeId) -> Result<Option<RunRow>, StoreError> {
    one(conn, Entity::find().filter(C::OpenNode.eq(node.0))).await
}

/// The latest run of a node, of one kind if it is given.
///
/// # Errors
/// What the database answers.
pub async fn last_of_node(conn: &Conn<'_>, node: NodeId, kind: Option<&str>) -> Result<Option<RunRow>, StoreError> {
    let mut condition = Condition::all().add(C::NodeId.eq(node.0));
    if let Some(kind) = kind {
        condition = condition.add(C::Kind.eq(kind));
    }
    one(conn, Entity::find().filter(condition).order_by_desc(C::Seq).limit(1)).await
}

/// The kinds of run that are inspections.
const INSPECTIONS: [&str; 2] = ["inspect", "introspect"];

/// The latest inspection of a node, however it was started.
///
/// # Errors
/// What the database answers.
pub async fn last_inspection(conn: &Conn<'_>, node: NodeId) -> Result<Option<RunRow>, StoreError> {
    let of_node = C::NodeId.eq(node.0).and(C::Kind.is_in(INSPECTIONS));
    one(conn, Entity::find().filter(of_node).order_by_desc(C::Seq).limit(1)).await
}

/// The latest inspection of each node that there is, those that were started last first; `after`
/// is the last one of the page before.
///
/// # Errors
/// What the database answers.
pub async fn last_inspections(conn: &Conn<'_>, after: Option<&RunRow>, limit: u64) -> Result<Vec<RunRow>, StoreError> {
    let there = Query::select().column(entity::nodes::Column::Id).from(entity::nodes::Entity).to_owned();
    let last = Query::select()
        .expr(C::Seq.max())
        .from(Entity)
        .and_where(C::Kind.is_in(INSPECTIONS))
        .and_where(C::NodeId.in_subquery(there))
        .group_by_col(C::NodeId)
        .to_owned();
    let mut condition = Condition::all().add(C::Seq.in_subquery(last));
    if let Some(after) = after {
        let at = micros(after.created_at);
        condition = condition.add(C::CreatedAt.lt(at).or(C::CreatedAt.eq(at).and(C::NodeId.lt(after.node_id.0))));
    }
    let ordered = Entity::find().filter(condition).order_by_desc(C::CreatedAt).order_by_desc(C::NodeId);
    all(conn, ordered.limit(limit)).await
}

/// The node as it was when its run began, secrets included; `None` once the run has ended.
///
/// # Errors
/// [`StoreError::Sealed`], [`StoreError::Corrupt`].
pub async fn node_copy(conn: &Conn<'_>, run: RunId) -> Result<Option<Node>, StoreError> {
    type Copy = (Uuid, Option<String>, Option<Vec<u8>>);
    let select = Entity::find().select_only().columns([C::NodeId, C::NodeDoc, C::NodeSecrets]);
    let copy: Option<Copy> = conn.one(&select.filter(C::Id.eq(run.0)).into_query()).await?;
    let Some((node, Some(doc), secrets)) = copy else { return Ok(None) };
    nodes::open_doc(conn.sealer, NodeId(node), &doc, secrets.as_deref()).map(Some)
}

/// Makes the open runs of a node that is deleted due at `now`.
pub(crate) async fn wake_open(tx: &Tx<'_>, node: NodeId, now: Timestamp) -> Result<(), StoreError> {
    let wake = Entity::update_many().col_expr(C::WakeAt, Expr::value(micros(now)));
    tx.exec(&wake.filter(C::NodeId.eq(node.0)).filter(C::Open.eq(true)).into_query()).await?;
    Ok(())
}

/// Forgets the runs that ended before `before`, with their timelines and bodies, and returns how
/// many they were. What they found stays with their nodes.
///
/// # Errors
/// What the database answers.
pub async fn delete_ended_before(tx: &Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let ended = C::Open.eq(false).and(C::EndedAt.lt(micros(before)));
    let ids = || Query::select().column(C::Id).from(Entity).and_where(ended.clone()).to_owned();
    let of_timeline = timeline::Column::RunId.in_subquery(ids());
    tx.exec(&timeline::Entity::delete_many().filter(of_timeline).into_query()).await?;
    tx.exec(&bodies::Entity::delete_many().filter(bodies::Column::RunId.in_subquery(ids())).into_query()).await?;
    Ok(tx.exec(&Entity::delete_many().filter(ended).into_query()).await?)
}

fn columns(run: &RunRow) -> ActiveModel {
    ActiveModel {
        seq: NotSet,
        id: Set(run.id.0),
        node_id: Set(run.node_id.0),
        kind: Set(run.kind.clone()),
        phase: Set(run.phase.clone()),
        open: Set(run.open),
        open_node: Set((run.open && run.exclusive).then_some(run.node_id.0)),
        wake_at: Set(run.wake_at.map(micros)),
        created_at: Set(micros(run.created_at)),
        ended_at: Set(run.ended_at.map(micros)),
        version: NotSet,
        doc: Set(run.doc.clone()),
        asked: Set(run.asked.clone()),
        owner: NotSet,
        bmc: NotSet,
        admitted_at: NotSet,
        // Secrets stay no longer than they are needed.
        node_doc: if run.open { NotSet } else { Set(None) },
        node_secrets: if run.open { NotSet } else { Set(None) },
    }
}

/// The columns that a run is read from: not the copy of its node.
struct Stored {
    id: Uuid,
    node_id: Uuid,
    kind: String,
    phase: String,
    open: bool,
    open_node: Option<Uuid>,
    wake_at: Option<i64>,
    created_at: i64,
    ended_at: Option<i64>,
    version: i64,
    doc: String,
    asked: Option<String>,
}

from_row!(Stored { id, node_id, kind, phase, open, open_node, wake_at, created_at, ended_at, version, doc, asked });

impl From<Stored> for RunRow {
    fn from(stored: Stored) -> Self {
        Self {
            id: RunId(stored.id),
            node_id: NodeId(stored.node_id),
            kind: stored.kind,
            phase: stored.phase,
            open: stored.open,
            exclusive: stored.open_node.is_some(),
            wake_at: stored.wake_at.map(timestamp),
            created_at: timestamp(stored.created_at),
            ended_at: stored.ended_at.map(timestamp),
            version: stored.version,
            doc: stored.doc,
            asked: stored.asked,
        }
    }
}

fn select_stored(select: Select<Entity>) -> Select<Entity> {
    let columns = [C::Id, C::NodeId, C::Kind, C::Phase, C::Open, C::OpenNode, C::WakeAt, C::CreatedAt, C::EndedAt];
    select.select_only().columns(columns).columns([C::Version, C::Doc, C::Asked])
}

async fn all(conn: &Conn<'_>, select: Select<Entity>) -> Result<Vec<RunRow>, StoreError> {
    let stored: Vec<Stored> = conn.all(&select_stored(select).into_query()).await?;
    Ok(stored.into_iter().map(RunRow::from).collect())
}

async fn one(conn: &Conn<'_>, select: Select<Entity>) -> Result<Option<RunRow>, StoreError> {
    Ok(conn.one::<Stored>(&select_stored(select).into_query()).await?.map(RunRow::from))
}
