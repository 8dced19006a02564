//! Lists: a page of objects under its key, and where the next page is.

use assay_store::page::Page;
use assay_wire::{fields::Field, list::Listing, query};
use axum::response::Response;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use uuid::Uuid;

use super::{
    ApiError,
    extract::{Asked, ok},
};

/// The end of a path whose list shows every field.
pub const fn ending(detail: bool) -> &'static str {
    if detail { "/detail" } else { "" }
}

/// The page as the store takes it; `sort` reads the key that it is sorted by.
///
/// # Errors
/// 400 for a key that `sort` does not know.
pub fn stored<K>(page: &query::Page, sort: impl Fn(&str) -> Option<K>) -> Result<Page<K>, ApiError> {
    Ok(Page {
        limit: u64::try_from(page.limit).ok(),
        marker: page.marker,
        sort: Some(page.sort(sort)?),
        descending: page.descending,
    })
}

/// Answers the list at `path`, whose objects stand under `key`. `last`: the last of them.
///
/// # Errors
/// As [`ok`].
pub fn answer<F: Field>(
    asked: &Asked,
    listing: &Listing<F>,
    path: &str,
    key: &'static str,
    views: &[impl Serialize],
    last: Option<Uuid>,
) -> Result<Response, ApiError> {
    let next = listing.next(&format!("{}/v1/{path}", asked.base), views.len(), last);
    ok(&Collection { key, views, next })
}

struct Collection<'a, View> {
    key: &'static str,
    views: &'a [View],
    next: Option<String>,
}

impl<View: Serialize> Serialize for Collection<'_, View> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.key, self.views)?;
        if let Some(next) = &self.next {
            map.serialize_entry("next", next)?;
        }
        map.end()
    }
}
