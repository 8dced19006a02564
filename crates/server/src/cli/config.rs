//! `assay config`: what is in force, and where it was set.

use std::io::Write;

use assay_core::secret::MASK;

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
        Some(_) if setting.spec.secret => format!("{name} = {MASK}"),
        Some(text) => format!("{name} = {}", text.replace('\n', "\n    ")),
    };
    format!("{value:<60} # {}", setting.origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Inputs, load};

    #[test]
    fn s13_a_secret_is_masked_and_its_origin_shown() {
        let inputs = Inputs {
            variables: vec![("OS_DATABASE__CONNECTION".into(), "postgresql://u:hunter2@h/d".into())],
            ..Inputs::default()
        };
        let loaded = load(&inputs).unwrap();
        let setting = loaded.settings.iter().find(|setting| setting.spec.name == "connection").unwrap();
        let shown = line(setting);
        assert!(shown.starts_with("connection = ******"), "{shown}");
        assert!(shown.ends_with("# environment OS_DATABASE__CONNECTION"), "{shown}");
    }
}
