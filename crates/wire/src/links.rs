//! Links: every object names its own address, with and without the API's version.

use std::fmt::Display;

use serde::Serialize;

/// One link of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The absolute URL.
    pub href: String,
    /// What the URL is to the object, such as `self`.
    pub rel: &'static str,
    /// The media type, where it is not JSON.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub media: Option<&'static str>,
}

/// The two links of `path`, such as `nodes/<uuid>`. `base` is the public URL without the version,
/// such as `http://10.0.0.1:6385`.
#[must_use]
pub fn pair(base: &str, path: impl Display) -> [Link; 2] {
    [
        Link { href: format!("{base}/v1/{path}"), rel: "self", media: None },
        Link { href: format!("{base}/{path}"), rel: "bookmark", media: None },
    ]
}
