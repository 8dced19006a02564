//! Where values come from, weakest first: defaults, what this machine suggests, files, the
//! environment, the command line.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    entry::{Entry, Origin},
    error::ConfigError,
    ini,
    spec::OptionSpec,
};

/// All entries, the strongest of each option.
#[derive(Debug)]
pub struct Sources {
    entries: BTreeMap<(String, String), Entry>,
    renamed: BTreeMap<(String, String), &'static str>,
    /// What to tell the operator: former names that were used.
    pub warnings: BTreeSet<String>,
}

impl Sources {
    /// Starts with the defaults of `specs`.
    #[must_use]
    pub fn defaults(specs: &[OptionSpec]) -> Self {
        let key = |spec: &OptionSpec, name: &str| (spec.group.to_owned(), name.to_owned());
        let entry = |text: &str| Entry { text: text.to_owned(), origin: Origin::Default };
        let entries = specs.iter().filter_map(|spec| Some((key(spec, spec.name), entry(spec.default?)))).collect();
        let renamed = specs
            .iter()
            .flat_map(|spec| spec.former.iter().map(move |former| (key(spec, former), spec.name)))
            .collect();
        Self { entries, renamed, warnings: BTreeSet::new() }
    }

    /// Reads one file over what is known.
    ///
    /// # Errors
    /// The file can't be read or is not in INI form.
    pub fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        for (group, name, entry) in ini::parse(path, &text)? {
            self.set(group, name, entry);
        }
        Ok(())
    }

    /// Reads `*.conf` of a folder in the order of their names.
    ///
    /// # Errors
    /// The folder or one of the files can't be read.
    pub fn folder(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let mut files = Vec::new();
        for item in fs::read_dir(path).map_err(unreadable)? {
            files.push(item.map_err(unreadable)?.path());
        }
        files.retain(|file| file.extension().is_some_and(|extension| extension == "conf"));
        files.sort();
        files.iter().try_for_each(|file| self.file(file))
    }

    /// Takes the variables named `OS_<GROUP>__<OPTION>`.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some((group, option)) = name.strip_prefix("OS_").and_then(|rest| rest.split_once("__")) else {
                continue;
            };
            let (group, option) = (ini::group_name(&group.to_ascii_lowercase()), option.to_ascii_lowercase());
            self.set(group, option, Entry { text, origin: Origin::Environment(name) });
        }
    }

    /// Sets one option, whatever it was before.
    pub fn set(&mut self, group: String, name: String, entry: Entry) {
        let key = (group, name);
        let key = match self.renamed.get(&key) {
            None => key,
            Some(&name) => {
                let (group, former) = key;
                self.warnings
                    .insert(format!("{}: [{group}] {former} is now called {name}; it is used as that", entry.origin));
                (group, name.to_owned())
            }
        };
        self.entries.insert(key, entry);
    }

    /// Gives an option that nobody has set a better default, and says why.
    pub fn suggest(&mut self, group: &str, name: &str, text: &str, why: &'static str) {
        if self.given(group, name).is_none() {
            let entry = Entry { text: text.to_owned(), origin: Origin::Derived(why) };
            self.entries.insert((group.to_owned(), name.to_owned()), entry);
        }
    }

    /// What stands for an option, defaults included.
    #[must_use]
    pub fn get(&self, group: &str, name: &str) -> Option<&Entry> {
        self.entries.get(&(group.to_owned(), name.to_owned()))
    }

    /// What somebody has set an option to.
    #[must_use]
    pub fn given(&self, group: &str, name: &str) -> Option<&Entry> {
        self.get(group, name).filter(|entry| !matches!(entry.origin, Origin::Default | Origin::Derived(_)))
    }

    /// Every entry with its group and name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Entry)> {
        self.entries.iter().map(|((group, name), entry)| (group.as_str(), name.as_str(), entry))
    }
}
