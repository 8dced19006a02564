//! `assay config`: what is in force, and where it was set.

use std::io::Write;

use super::{Outcome, args::ShowConfig, load};
use crate::config::{Setting, reference};

/// Prints the options in force, or the reference of all options.
///
/// # Errors
/// The configuration can't be used; the output can't be written.
pub fn show(args: &ShowConfig, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    if args.reference {
        write!(out, "{}", reference::markdown())?;
        return Ok(Outcome::Well);
    }
    let loaded = load(&args.config)?;
    for warning in &loaded.warnings {
        writeln!(out, "# WARNING {warning}")?;
    }
    let mut group = "";
    for setting in &loaded.settings {
        if setting.spec.group != group {
            group = setting.spec.group;
            writeln!(out, "\n[{group}]")?;
        }
        writeln!(out, "{}", line(setting))?;
    }
    Ok(Outcome::Well)
}

/// `name = value # origin`; an unset option is a comment.
fn line(setting: &Setting) -> String {
    let name = setting.spec.name;
    let value = match &setting.text {
        None => format!("# {name} is unset"),
        Some(text) => format!("{name} = {}", text.replace('\n', "\n    ")),
    };
    format!("{value:<60} # {}", setting.origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn an_option_is_shown_with_where_it_was_set() {
        let inputs = Inputs { variables: vec![("OS_API__PORT".into(), "6386".into())], ..Inputs::default() };
        let settings = load(&inputs).unwrap().settings;
        let setting = settings.iter().find(|setting| setting.spec.name == "port").unwrap();
        let shown = line(setting);
        assert!(shown.starts_with("port = 6386 ") && shown.ends_with(" # environment OS_API__PORT"), "{shown}");
    }
}
