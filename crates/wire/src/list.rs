//! What every list is asked: which page, and which fields of each object.

use assay_core::microversion::Microversion;
use uuid::Uuid;

use crate::{
    fields::{self, Field},
    query::{Arguments, Page},
    refusal::Refusal,
};

/// How a list is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing<F> {
    /// Which part of the list.
    pub page: Page,
    /// Which fields of each.
    pub fields: Vec<F>,
    /// The arguments that the link to the next page keeps.
    kept: Vec<(String, String)>,
}

impl<F: Field> Listing<F> {
    /// Takes the arguments that all lists have. `detail`: the path asks for all fields; `few`: what
    /// is shown unless asked otherwise.
    ///
    /// # Errors
    /// Refused when one of them is wrong or too new.
    pub fn take(
        arguments: &mut Arguments,
        version: Microversion,
        max_limit: usize,
        detail: bool,
        few: &[F],
    ) -> Result<Self, Refusal> {
        let page = Page::take(arguments, max_limit)?;
        if F::named(&page.sort_key).is_some_and(|field| !version.has(field.since())) {
            return Err(Refusal::NotAcceptable);
        }
        let kept = arguments.0.clone();
        Ok(Self { page, fields: fields::of_list(arguments, version, detail, few)?, kept })
    }

    /// The address of the page after this one of the list at `url`, if there may be one.
    #[must_use]
    pub fn next(&self, url: &str, count: usize, last: Option<Uuid>) -> Option<String> {
        self.page.next(url, &self.kept, count, last)
    }
}
