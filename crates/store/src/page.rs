//! Pages of a list: sort, marker, limit (spec of the bare metal API's collections).

use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait, ExprTrait as _, IntoSimpleExpr as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
    sea_query::{Expr, Order, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{Conn, StoreError};

/// Which part of a list is asked for.
#[derive(Clone, Debug)]
pub struct Page<K> {
    /// The most rows; `None`: all.
    pub limit: Option<u64>,
    /// The last object of the page before.
    pub marker: Option<Uuid>,
    /// What to sort by; `None`: in the order in which the objects were made, which equal values
    /// keep. Objects without a value come last.
    pub sort: Option<K>,
    /// The other way round, from the last to the first.
    pub descending: bool,
}

impl<K> Default for Page<K> {
    fn default() -> Self {
        Self { limit: None, marker: None, sort: None, descending: false }
    }
}

/// The columns that paging needs of a table.
pub(crate) struct Columns<E: EntityTrait> {
    /// What the API calls the objects.
    pub kind: &'static str,
    pub seq: E::Column,
    pub id: E::Column,
    pub sort: Option<E::Column>,
}

/// Sorts and cuts `select`.
pub(crate) async fn cut<E: EntityTrait, K>(
    conn: &Conn<'_>,
    mut select: Select<E>,
    columns: Columns<E>,
    page: &Page<K>,
) -> Result<Select<E>, StoreError> {
    if let Some(marker) = page.marker {
        let known = Query::select().column(columns.seq).from(E::default()).and_where(columns.id.eq(marker)).to_owned();
        if conn.one::<i64>(&known).await?.is_none() {
            return Err(StoreError::not_found(columns.kind, &marker));
        }
        select = select.filter(after(&columns, marker, page.descending));
    }
    let order = if page.descending { Order::Desc } else { Order::Asc };
    if let Some(sort) = columns.sort {
        select = select.order_by(sort.is_null(), order.clone()).order_by(sort, order.clone());
    }
    select = select.order_by(columns.seq, order);
    Ok(select.limit(page.limit))
}

/// The rows that come after the marker's own.
fn after<E: EntityTrait>(columns: &Columns<E>, marker: Uuid, descending: bool) -> Condition {
    let of_marker = |column: E::Column| subquery::<E>(column, columns.id, marker);
    let beyond = |column: E::Column| {
        let column_expr = column.into_simple_expr();
        if descending { column_expr.lt(of_marker(column)) } else { column_expr.gt(of_marker(column)) }
    };
    let later = beyond(columns.seq);
    let Some(sort) = columns.sort else { return Condition::all().add(later) };
    let marker_is_null = of_marker(sort).is_null();
    let null_follows = if descending {
        marker_is_null.clone().and(sort.is_not_null())
    } else {
        marker_is_null.clone().not().and(sort.is_null())
    };
    Condition::any()
        .add(beyond(sort))
        .add(null_follows)
        .add(sort.into_simple_expr().eq(of_marker(sort)).and(later.clone()))
        .add(marker_is_null.and(sort.is_null()).and(later))
}

fn subquery<E: EntityTrait>(column: E::Column, id: E::Column, marker: Uuid) -> Expr {
    let select: SelectStatement = Query::select().column(column).from(E::default()).and_where(id.eq(marker)).to_owned();
    Expr::from(select)
}
