//! What is known about one option: where it stands, what it does, and which values it takes.

use super::value::OptionValue;

/// What is known about one option.
#[derive(Clone, Debug)]
pub struct OptionSpec {
    /// The group's name, such as `conductor`.
    pub group: &'static str,
    /// The option's name in the file.
    pub name: &'static str,
    /// What it does, in Markdown.
    pub doc: &'static str,
    /// What its values look like.
    pub kind: String,
    /// The default's text; `None` when the option is unset by default.
    pub default: Option<&'static str>,
    /// The smallest and the largest number that is accepted.
    pub range: Option<(i64, i64)>,
    /// Names under which the option was known before; accepted with a warning.
    pub former: &'static [&'static str],
    /// A value's text as it may be shown.
    pub shown: fn(&str) -> String,
}

/// What `T` adds to the specification of an option of that type.
pub(super) fn of<T: OptionValue>(
    group: &'static str,
    name: &'static str,
    doc: &'static str,
    default: &[&'static str],
    range: &[(i64, i64)],
    former: &'static [&'static str],
) -> OptionSpec {
    OptionSpec {
        group,
        name,
        doc,
        kind: T::kind(),
        default: default.first().copied(),
        range: range.first().copied(),
        former,
        shown: T::shown,
    }
}
