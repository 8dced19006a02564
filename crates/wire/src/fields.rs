//! Which fields of an object an answer shows: all that the version has, the few of a list, or those
//! that the request asks for.

use assay_core::microversion::{Microversion, NodeField, PortField, PortgroupField, behaviour};
use serde::ser::{SerializeMap, Serializer};

use crate::{query::Arguments, refusal::Refusal, value};

/// The fields of one kind of object.
pub trait Field: Copy + PartialEq + 'static {
    /// Every field, in the order in which the API lists them.
    const EVERY: &'static [Self];
    /// The one that every answer has.
    const LINKS: Self;

    /// The field that the API calls so.
    fn named(name: &str) -> Option<Self>;

    /// What the API calls it.
    fn name(self) -> &'static str;

    /// The minor version since which it exists.
    fn since(self) -> u16;
}

macro_rules! fields_of_an_object {
    ($($fields:ident),+) => {$(
        impl Field for $fields {
            const EVERY: &'static [Self] = Self::ALL;
            const LINKS: Self = Self::Links;

            fn named(name: &str) -> Option<Self> {
                Self::parse(name)
            }

            fn name(self) -> &'static str {
                self.as_str()
            }

            fn since(self) -> u16 {
                self.since()
            }
        }
    )+};
}

fields_of_an_object!(NodeField, PortField, PortgroupField);

/// Those of `fields` that `version` has.
#[must_use]
pub fn known<F: Field>(fields: &[F], version: Microversion) -> Vec<F> {
    fields.iter().copied().filter(|field| version.has(field.since())).collect()
}

/// Everything that `version` shows of an object.
#[must_use]
pub fn all<F: Field>(version: Microversion) -> Vec<F> {
    known(F::EVERY, version)
}

/// An object of `fields`, each written by `entry`.
///
/// # Errors
/// What the serializer answers.
pub fn object<S: Serializer, F: Field>(
    serializer: S,
    fields: &[F],
    entry: impl Fn(&mut S::SerializeMap, F) -> Result<(), S::Error>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for field in fields {
        entry(&mut map, *field)?;
    }
    map.end()
}

/// The fields of a single object: those of the argument `fields`, or all.
///
/// # Errors
/// Refused when one is unknown (400) or too new (406).
pub fn of_one<F: Field>(asked: Option<String>, version: Microversion) -> Result<Vec<F>, Refusal> {
    asked.map_or_else(|| Ok(all(version)), |list| parse(&list, version))
}

/// The fields of each object of a list, by the arguments `fields` and `detail`, which exclude each
/// other. `detail`: the path asks for all; `few`: what the list shows unless asked otherwise.
///
/// # Errors
/// As [`of_one`], and refused (400) when both are there or the version has no `detail`.
pub fn of_list<F: Field>(
    arguments: &mut Arguments,
    version: Microversion,
    detail: bool,
    few: &[F],
) -> Result<Vec<F>, Refusal> {
    let wanted = match arguments.take("detail") {
        None => false,
        Some(text) if !version.has(behaviour::DETAIL_OF_LISTS) => {
            return Err(Refusal::Invalid(format!("Invalid query parameter ?detail={text} received.")));
        }
        Some(text) => value::boolean("detail", &text)?,
    };
    match arguments.take("fields") {
        Some(_) if wanted => {
            Err(Refusal::Invalid("Can not specify ?detail=True and fields in the same request.".to_owned()))
        }
        Some(list) => parse(&list, version),
        None if wanted || detail => Ok(all(version)),
        None => Ok(known(few, version)),
    }
}

/// Reads a comma-separated list of fields, each of which is shown once, and adds the links.
fn parse<F: Field>(list: &str, version: Microversion) -> Result<Vec<F>, Refusal> {
    let names = || list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let unknown: Vec<&str> = names().filter(|name| F::named(name).is_none()).collect();
    match unknown.as_slice() {
        [] => {}
        [one] => return Err(Refusal::Invalid(format!("Field {one} is not a valid field."))),
        several => return Err(Refusal::Invalid(format!("Fields {} are not valid fields.", several.join(", ")))),
    }
    let mut fields = Vec::new();
    for field in names().filter_map(F::named).chain([F::LINKS]) {
        if !version.has(field.since()) {
            return Err(Refusal::NotAcceptable);
        }
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_fields_are_shown_once_each_and_with_links() {
        let asked = |list: &str, minor| of_one::<NodeField>(Some(list.to_owned()), Microversion { minor });
        assert_eq!(asked("name,,uuid, name", 5), Ok(vec![NodeField::Name, NodeField::Uuid, NodeField::Links]));
        assert_eq!(asked("name", 4), Err(Refusal::NotAcceptable));
        assert_eq!(asked("a", 5), Err(Refusal::Invalid("Field a is not a valid field.".to_owned())));
        assert_eq!(asked("a,uuid,b", 5), Err(Refusal::Invalid("Fields a, b are not valid fields.".to_owned())));
    }
}
