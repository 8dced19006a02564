//! The kernel command line of the ramdisk, parsed at the door so that it can't be injected into.
//!
//! **Invariant:** a [`KernelParams`] means one thing to every loader and to the kernel: no control
//! character, quote, backslash, `${` (iPXE expands it everywhere) or word that is an iPXE operator
//! can be in it, and it fits the kernel's 2,047 bytes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The key under which the ramdisk is told where to report to; operators can't set it.
pub const CALLBACK_KEY: &str = "ipa-inspection-callback-url";

/// The key by which the ramdisk is told to listen for LLDP, which it does not by itself.
const LLDP_KEY: &str = "ipa-collect-lldp";

/// The key that names the ramdisk's collectors, of which one listens for LLDP as well.
const COLLECTORS_KEY: &str = "ipa-inspection-collectors";

/// The kernel's `COMMAND_LINE_SIZE` on x86-64 and aarch64, without its closing NUL.
pub const MAX_LINE_BYTES: usize = 2047;

/// The token that stands for the configured parameters in a node's own.
const DEFAULT_TOKEN: &str = "%default%";

/// Words at which iPXE ends a command, wherever they stand in a line.
const IPXE_OPERATORS: [&str; 4] = ["||", "&&", ";", "#"];

/// Why a kernel line was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKernelParam {
    /// A quote is opened and never closed.
    #[error("kernel parameters {0:?} have a quote that is never closed")]
    UnbalancedQuotes(String),
    /// A boot loader or the kernel would not take the text literally.
    #[error("kernel parameter {param:?} {why}; it must be written as key=value or as a bare flag")]
    Unsafe {
        /// The parameter, as it was given.
        param: String,
        /// What is wrong with it, as the rest of a sentence.
        why: &'static str,
    },
    /// The kernel would cut the line.
    #[error("the kernel line is {0} bytes long, and the kernel reads {MAX_LINE_BYTES}")]
    TooLong(usize),
    /// `driver_info` holds something else than text.
    #[error("kernel parameters must be a string, not {0}")]
    NotText(Value),
}

/// One parameter: `key=value`, or a bare flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelParam {
    key: String,
    value: Option<String>,
}

impl KernelParam {
    /// What stands before the `=`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The text between quotes that the GRUB shell takes literally and hands to the kernel as one
    /// argument; GRUB itself puts the kernel's quotes around an argument with a space.
    #[must_use]
    pub fn in_grub(&self) -> String {
        format!("'{}'", self.bare())
    }

    fn bare(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={value}", self.key),
            None => self.key.clone(),
        }
    }
}

impl FromStr for KernelParam {
    type Err = InvalidKernelParam;

    /// Reads one parameter whose quotes are already gone.
    fn from_str(param: &str) -> Result<Self, Self::Err> {
        let (key, value) = match param.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (param, None),
        };
        match fault(key, value.unwrap_or_default()) {
            Some(why) => Err(InvalidKernelParam::Unsafe { param: param.to_owned(), why }),
            None => Ok(Self { key: key.to_owned(), value: value.map(str::to_owned) }),
        }
    }
}

/// What keeps a parameter from being taken literally by iPXE, PXELINUX, GRUB and the kernel.
fn fault(key: &str, value: &str) -> Option<&'static str> {
    let key_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/' | ',' | '+' | '@');
    if key.is_empty() || key.starts_with('-') || !key.chars().all(key_char) {
        Some("has a key that is empty or has characters other than letters, digits and .:_-+/,@")
    } else if !value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        Some("has a control or non-ASCII character")
    } else if value.contains(['"', '\'', '\\']) {
        Some("has a quote or backslash within, which boot loaders read each in their own way")
    } else if value.contains("${") {
        Some("has a ${, which iPXE would expand")
    } else if value.starts_with(' ') || value.ends_with(' ') || value.contains("  ") {
        Some("has a run of spaces, or a space at an end, which iPXE would not keep")
    } else if value.split(' ').any(|word| IPXE_OPERATORS.contains(&word)) {
        Some("has a word that is an operator of iPXE's scripts")
    } else {
        None
    }
}

impl fmt::Display for KernelParam {
    /// As the kernel reads it: a value with spaces is quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) if value.contains(' ') => write!(f, "{}=\"{value}\"", self.key),
            Some(value) => write!(f, "{}={value}", self.key),
            None => f.write_str(&self.key),
        }
    }
}

/// Kernel parameters in their order; every one is free of control characters and of what a boot
/// script would interpret. Its `Display` is the kernel line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct KernelParams(Vec<KernelParam>);

impl KernelParams {
    /// Splits a line as a shell would (quotes group, nothing is expanded) and checks every word.
    ///
    /// # Errors
    /// The first word that is refused, an open quote, or a line that is too long.
    pub fn parse(line: &str) -> Result<Self, InvalidKernelParam> {
        within_limit(line.len())?;
        Self::collect(split(line)?.iter().map(String::as_str))
    }

    /// The parameters of one node: its own value, if it has one, REPLACES the configured line; the
    /// token `%default%` in it stands for that line.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); also when the node's value is not a string.
    pub fn resolve(node_value: Option<&Value>, configured: &str) -> Result<Self, InvalidKernelParam> {
        let line = match node_value {
            None | Some(Value::Null) => return Self::parse(configured),
            Some(Value::String(line)) => line,
            Some(other) => return Err(InvalidKernelParam::NotText(other.clone())),
        };
        within_limit(line.len())?;
        let mut params = Vec::new();
        for word in split(line)? {
            match word.as_str() {
                DEFAULT_TOKEN => params.extend(Self::parse(configured)?.0),
                word => params.push(word.parse()?),
            }
        }
        Self(params).checked()
    }

    /// Sets `key` to `value`: in place of every parameter of that name, else at the end.
    ///
    /// # Errors
    /// When the pair or the longer line is refused.
    pub fn with(mut self, key: &str, value: &str) -> Result<Self, InvalidKernelParam> {
        let param: KernelParam = format!("{key}={value}").parse()?;
        self.0.retain(|other| other.key != param.key);
        self.0.push(param);
        self.checked()
    }

    /// Has the ramdisk listen for LLDP, unless the parameters say already whether or how it does.
    ///
    /// # Errors
    /// When the longer line is refused.
    pub fn listening_for_lldp(self) -> Result<Self, InvalidKernelParam> {
        let collects = |param: &KernelParam| {
            let collectors = param.value.iter().filter(|_| param.key == COLLECTORS_KEY);
            collectors.flat_map(|names| names.split(',')).any(|name| name.trim() == "lldp")
        };
        if self.0.iter().any(|param| param.key == LLDP_KEY || collects(param)) {
            return Ok(self);
        }
        self.with(LLDP_KEY, "1")
    }

    /// These parameters, then `more`.
    ///
    /// # Errors
    /// When the longer line is refused.
    pub fn and(mut self, more: &Self) -> Result<Self, InvalidKernelParam> {
        self.0.extend(more.0.iter().cloned());
        self.checked()
    }

    /// The parameters one by one.
    pub fn iter(&self) -> impl Iterator<Item = &KernelParam> {
        self.0.iter()
    }

    fn collect<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, InvalidKernelParam> {
        Self(words.map(str::parse).collect::<Result<_, _>>()?).checked()
    }

    fn checked(self) -> Result<Self, InvalidKernelParam> {
        within_limit(self.to_string().len()).map(|()| self)
    }
}

fn within_limit(bytes: usize) -> Result<(), InvalidKernelParam> {
    if bytes > MAX_LINE_BYTES { Err(InvalidKernelParam::TooLong(bytes)) } else { Ok(()) }
}

/// Words of a line: single or double quotes group, white space separates.
fn split(line: &str) -> Result<Vec<String>, InvalidKernelParam> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c == ' ' || c == '\t' => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(InvalidKernelParam::UnbalancedQuotes(line.to_owned())) } else { Ok(words) }
}

impl fmt::Display for KernelParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, param) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{param}")?;
        }
        Ok(())
    }
}

impl TryFrom<Vec<String>> for KernelParams {
    type Error = InvalidKernelParam;

    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        Self::collect(words.iter().map(String::as_str))
    }
}

impl From<KernelParams> for Vec<String> {
    fn from(params: KernelParams) -> Self {
        params.0.iter().map(KernelParam::bare).collect()
    }
}

#[cfg(test)]
#[path = "kernel_tests.rs"]
mod tests;
