//! From the entries of all sources to typed values; remembers what each option is and what was wrong.

use super::{
    entry::{Entry, Origin},
    interpolate::interpolate,
    sources::Sources,
    spec::OptionSpec,
    value::{OptionValue, Unfit},
};

/// An option as it is in force.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The option.
    pub spec: OptionSpec,
    /// The value's text after interpolation, as it may be shown; `None` when the option is unset.
    pub text: Option<String>,
    /// Where it was set.
    pub origin: Origin,
}

/// Reads options one after the other.
#[derive(Debug)]
pub struct Reader<'a> {
    sources: &'a Sources,
    /// Every option that was read, in order.
    pub settings: Vec<Setting>,
    /// One line for each value that can't be used.
    pub problems: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader of `sources`.
    #[must_use]
    pub fn of(sources: &'a Sources) -> Self {
        Self { sources, settings: Vec::new(), problems: Vec::new() }
    }

    /// Reads the option of `spec`; `None` when its value can't be used.
    pub fn value<T: OptionValue>(&mut self, spec: OptionSpec) -> Option<T> {
        let entry = self.sources.get(spec.group, spec.name);
        let origin = entry.map_or(Origin::Default, |entry| entry.origin.clone());
        let text = match entry.map(|entry| interpolate(self.sources, spec.group, &entry.text)).transpose() {
            Ok(text) => text,
            Err(reason) => return self.refuse(&spec, &origin, &without_secret(&spec, entry, reason)),
        };
        let value = match &text {
            None => T::unset().ok_or_else(|| "it has to be set, since this machine doesn't tell it".to_owned()),
            Some(text) => accept::<T>(&spec, text),
        };
        match value {
            Err(reason) => self.refuse(&spec, &origin, &reason),
            Ok(value) => {
                let text = text.as_deref().map(spec.shown);
                self.settings.push(Setting { spec, text, origin });
                Some(value)
            }
        }
    }

    fn refuse<T>(&mut self, spec: &OptionSpec, origin: &Origin, reason: &str) -> Option<T> {
        self.problems.push(format!("{origin}: [{}] {}: {reason}", spec.group, spec.name));
        None
    }
}

/// The reason for which a value can't be interpolated, which repeats a part of it.
fn without_secret(spec: &OptionSpec, entry: Option<&Entry>, reason: String) -> String {
    let is_secret = entry.is_some_and(|entry| (spec.shown)(&entry.text) != entry.text);
    if is_secret { "it refers to something that has no value; a dollar sign is written $$".to_owned() } else { reason }
}

/// Parses `text` and checks its range.
fn accept<T: OptionValue>(spec: &OptionSpec, text: &str) -> Result<T, String> {
    let shown = (spec.shown)(text);
    let value = T::parse(text).map_err(|unfit| match unfit {
        Unfit::Because(reason) => reason,
        Unfit::Kind => format!("`{shown}` is no {}", spec.kind.replace('\\', "")),
    })?;
    match (spec.range, value.number()) {
        (Some((min, max)), Some(number)) if !(min..=max).contains(&number) => {
            Err(format!("`{shown}` is not between {min} and {max}"))
        }
        _ => Ok(value),
    }
}
