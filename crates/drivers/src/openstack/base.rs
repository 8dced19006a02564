//! The URL that all paths of a service begin with.

use reqwest::Url;

/// `url` without the version that may end it, as operators and catalogs write it.
///
/// # Errors
/// What is wrong with it; never the URL itself, which may hold a password.
pub fn base(url: &str) -> Result<String, &'static str> {
    let parsed = Url::parse(url.trim()).map_err(|_| "it is no URL")?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err("it begins with neither http:// nor https://");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("it holds a user name or a password");
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err("it has a ? or a #");
    }
    let whole = parsed.as_str().trim_end_matches('/');
    Ok(whole.rsplit_once('/').filter(|(_, last)| is_version(last)).map_or(whole, |(before, _)| before).to_owned())
}

/// `v3`, `v2.0` and the like.
fn is_version(segment: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    segment.strip_prefix('v').is_some_and(|number| number.split('.').all(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_at_the_end_is_no_part_of_the_base() {
        for (url, expected) in [
            ("http://h:9696", "http://h:9696"),
            ("http://h:9696/", "http://h:9696"),
            (" http://h:9696/v2.0 ", "http://h:9696"),
            ("http://h:9696/v2.0/", "http://h:9696"),
            ("https://h/networking", "https://h/networking"),
            ("https://h/networking/v2.0", "https://h/networking"),
            ("https://h/identity/v3/", "https://h/identity"),
            ("https://h/vpn", "https://h/vpn"),
            ("http://[::1]:5000/v3", "http://[::1]:5000"),
        ] {
            assert_eq!(base(url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn s13_a_url_with_a_password_is_refused_without_showing_it() {
        for url in ["http://u:hunter2@h", "http://hunter2@h", "h:9696", "ftp://h", "http://h/?a=1", "http://h/#x", ""] {
            let wrong = base(url).unwrap_err();
            assert!(!wrong.contains("hunter2"), "{url}");
        }
    }
}
