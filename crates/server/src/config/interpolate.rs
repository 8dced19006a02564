//! `$name`, `${name}` and `$group.name` in values; `$$` is a dollar sign.

use super::sources::Sources;

/// How deep references may go; only a circle is deeper.
const DEEPEST: usize = 16;

/// Replaces the references in `text`, which stands in `group`. A bare name is looked up in the
/// group itself, then in `DEFAULT`.
///
/// # Errors
/// A reference to an option that has no value, or a circle of references: the reason as text.
pub fn interpolate(sources: &Sources, group: &str, text: &str) -> Result<String, String> {
    expand(sources, group, text, DEEPEST)
}

fn expand(sources: &Sources, group: &str, text: &str, depth: usize) -> Result<String, String> {
    if depth == 0 {
        return Err("its references go in a circle".to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let (name, after) = reference(after);
        if name.is_empty() {
            out.push('$');
        } else {
            let (group, value) = look_up(sources, group, name)
                .ok_or_else(|| format!("it refers to ${name}, which has no value; a dollar sign is written $$"))?;
            out.push_str(&expand(sources, group, value, depth - 1)?);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Splits off the name that follows a `$`; it is empty when none does.
fn reference(text: &str) -> (&str, &str) {
    if let Some((name, after)) = text.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (name, after);
    }
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return ("", text);
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    (name, &text[name.len()..])
}

/// The group in which `name` was found, and the text there.
fn look_up<'a>(sources: &'a Sources, group: &'a str, name: &'a str) -> Option<(&'a str, &'a str)> {
    let found = |group: &'a str, name: &str| sources.get(group, name).map(|entry| (group, entry.text.as_str()));
    match name.split_once('.') {
        Some((group, name)) => found(group, name),
        None => found(group, name).or_else(|| found("DEFAULT", name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::entry::{Entry, Origin};

    fn sources() -> Sources {
        let mut sources = Sources::defaults(&[]);
        for (group, name, text) in [
            ("DEFAULT", "state_path", "/var/lib/x"),
            ("DEFAULT", "my_ip", "10.0.0.1"),
            ("assay", "boot_address", "$my_ip"),
            ("assay", "my_ip", "10.9.9.9"),
            ("a", "loop", "${a.loop}"),
        ] {
            sources.set(group.into(), name.into(), Entry { text: text.into(), origin: Origin::Default });
        }
        sources
    }

    #[test]
    fn references_are_replaced_as_oslo_does() {
        for (text, expected) in [
            ("$state_path/images", "/var/lib/x/images"),
            ("http://$assay.boot_address:8080", "http://10.9.9.9:8080"),
            ("${state_path}x, 5$$ and $5", "/var/lib/xx, 5$ and $5"),
            ("$my_ip.", "10.0.0.1."),
            ("plain", "plain"),
        ] {
            assert_eq!(interpolate(&sources(), "other", text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_reference_to_nothing_and_a_circle_are_refused() {
        let reason = interpolate(&sources(), "other", "pa$word").unwrap_err();
        assert_eq!(reason, "it refers to $word, which has no value; a dollar sign is written $$");
        assert_eq!(interpolate(&sources(), "a", "$loop").unwrap_err(), "its references go in a circle");
    }
}
