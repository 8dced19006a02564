//! One file in oslo.config's INI form, as a list of entries that know their line.

use std::path::Path;

use ini::{Ini, ParseOption};

use super::{
    entry::{Entry, Origin},
    error::ConfigError,
};

/// A group's name, an option's name and what the file says.
pub type Line = (String, String, Entry);

/// Reads the text of the file at `path`. Of an option that is repeated, the last entry counts.
///
/// # Errors
/// The text is no INI file, or has an option before the first `[group]`.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Line>, ConfigError> {
    let refused = |reason: String| ConfigError::Syntax { path: path.to_owned(), reason };
    let grammar = ParseOption {
        enabled_quote: false,
        enabled_escape: false,
        enabled_indented_mutiline_value: true,
        ..ParseOption::default()
    };
    let ini = Ini::load_from_str_opt(text, grammar).map_err(|error| refused(format!("line {error}")))?;
    let mut lines = Vec::new();
    for (group, properties) in &ini {
        for (key, value) in properties.iter() {
            let group = group.ok_or_else(|| refused(format!("the option `{key}` stands before the first [group]")))?;
            let origin = Origin::File { path: path.to_owned(), line: line_of(text, group, key) };
            lines.push((group_name(group), option_name(key), Entry { text: unquoted(value).to_owned(), origin }));
        }
    }
    Ok(lines)
}

/// Group names are case-sensitive, except for `DEFAULT`.
pub fn group_name(text: &str) -> String {
    let text = text.trim();
    if text.eq_ignore_ascii_case("DEFAULT") { "DEFAULT".to_owned() } else { text.to_owned() }
}

/// In option names, `-` and `_` mean the same.
pub fn option_name(text: &str) -> String {
    text.trim().replace('-', "_")
}

/// One matching pair of quotes around a value is not part of it.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

/// The number of the last line that sets `key` in `group`; the parser does not tell it.
fn line_of(text: &str, group: &str, key: &str) -> usize {
    let mut current = "";
    let mut found = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let opened = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next());
        if let Some(opened) = opened.filter(|_| !line.starts_with([' ', '\t'])) {
            current = opened.trim();
        }
        let name = line.split(['=', ':']).next().unwrap_or_default();
        if current == group.trim() && name.trim_end() == key {
            found = number;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String, String, usize)> {
        let lines = parse(Path::new("/etc/x.conf"), text).unwrap();
        lines
            .into_iter()
            .map(|(group, key, entry)| match entry.origin {
                Origin::File { line, .. } => (group, key, entry.text, line),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_forms_that_operators_write_are_all_read() {
        let text = "# comment\n[default]\ndebug: yes\n; another\nquoted = \"a b\"\nhalf = it's\nempty =\n\
                    long = one,\n   two\n[Group]\na-key = C:\\new # not a comment\n[default]\nlate = 1\n";
        let all = entries(text);
        let row = |group: &str, key: &str, value: &str, line| (group.into(), key.into(), value.into(), line);
        for expected in [
            row("DEFAULT", "debug", "yes", 3),
            row("DEFAULT", "quoted", "a b", 5),
            row("DEFAULT", "half", "it's", 6),
            row("DEFAULT", "empty", "", 7),
            row("DEFAULT", "long", "one,\ntwo", 8),
            row("Group", "a_key", "C:\\new # not a comment", 11),
            row("DEFAULT", "late", "1", 13),
        ] {
            assert!(all.contains(&expected), "{expected:?} is not in {all:#?}");
        }
    }

    #[test]
    fn an_option_outside_of_any_group_is_refused_with_the_file_named() {
        let error = parse(Path::new("/etc/x.conf"), "debug = yes\n").unwrap_err();
        assert_eq!(error.to_string(), "/etc/x.conf: the option `debug` stands before the first [group]");
    }
}
