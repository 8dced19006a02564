//! Whose word on a server's certificate is taken.

use std::{
    io,
    path::{Path, PathBuf},
};

use reqwest::{Certificate, ClientBuilder};
use serde_json::Value;

/// The authorities behind a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VerifyCa {
    /// The authorities that this machine trusts.
    System,
    /// Nobody's: any certificate will do.
    Nobody,
    /// The authorities in this file, in PEM.
    File(PathBuf),
}

impl VerifyCa {
    /// Reads a boolean or an absolute path.
    #[must_use]
    pub fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(true) => Some(Self::System),
            Value::Bool(false) => Some(Self::Nobody),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" | "t" | "y" => Some(Self::System),
                "false" | "0" | "no" | "off" | "f" | "n" => Some(Self::Nobody),
                _ => text.starts_with('/').then(|| Self::File(text.into())),
            },
            _ => None,
        }
    }

    /// Makes a client trust these authorities.
    ///
    /// # Errors
    /// A sentence on the file that can't be used.
    pub async fn trusted_by(&self, client: ClientBuilder) -> Result<ClientBuilder, String> {
        match self {
            Self::File(path) => only(client, path, tokio::fs::read(path).await),
            Self::System | Self::Nobody => self.trusted_at_start(client),
        }
    }

    /// The same where nothing else waits while the file is read.
    ///
    /// # Errors
    /// A sentence on the file that can't be used.
    pub fn trusted_at_start(&self, client: ClientBuilder) -> Result<ClientBuilder, String> {
        match self {
            Self::System => Ok(client),
            Self::Nobody => Ok(client.tls_danger_accept_invalid_certs(true)),
            Self::File(path) => only(client, path, std::fs::read(path)),
        }
    }
}

/// The client with the authorities in `pem`, what was read from the file at `path`, and no others.
fn only(client: ClientBuilder, path: &Path, pem: io::Result<Vec<u8>>) -> Result<ClientBuilder, String> {
    let wrong = |why: String| format!("{}: {why}", path.display());
    let pem = pem.map_err(|error| wrong(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("it holds no certificate in PEM".to_owned()));
    }
    Ok(client.tls_certs_only(certificates))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_a_boolean_or_an_absolute_path() {
        for (value, verify) in [
            (json!(true), Some(VerifyCa::System)),
            (json!("False"), Some(VerifyCa::Nobody)),
            (json!("/etc/ca.pem"), Some(VerifyCa::File("/etc/ca.pem".into()))),
            (json!("ca.pem"), None),
            (json!(1), None),
        ] {
            assert_eq!(VerifyCa::parse(&value), verify, "{value}");
        }
    }
}
