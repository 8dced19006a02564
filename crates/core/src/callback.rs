//! The callback's secret: what the ramdisk of one run must show before its body is read.
//!
//! **Invariant:** the secret is never stored and can't be printed; any conductor that holds the
//! instance key computes it again from the run's id.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    id::RunId,
    secret::{MASK, Secret},
};

/// How many characters the secret has: 32 bytes in base64url without padding.
pub const SECRET_CHARS: usize = 43;

/// The key of this installation, shared by its conductors (`[assay] key_file`).
#[derive(Clone)]
pub struct InstanceKey(Zeroizing<[u8; 32]>);

impl InstanceKey {
    /// Takes the key's 32 bytes in; they are wiped from memory when the last copy goes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key for one purpose only, so that no two uses share one: HMAC-SHA256(key, `purpose`).
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.mac(&[purpose.as_bytes()]))
    }

    /// The callback's secret of one run: base64url of HMAC-SHA256(key, "callback" ‖ run id).
    #[must_use]
    pub fn callback_secret(&self, run: RunId) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.mac(&[b"callback", run.0.as_bytes()])))
    }

    /// The secret in the name of one run's disc: base64url of HMAC-SHA256(key, "iso" ‖ run id).
    #[must_use]
    pub fn disc_secret(&self, run: RunId) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.mac(&[b"iso", run.0.as_bytes()])))
    }

    /// Whether `presented` is the secret of `run`, in a time that does not depend on where it
    /// differs.
    #[must_use]
    pub fn verify(&self, run: RunId, presented: &str) -> bool {
        same(&self.callback_secret(run), presented)
    }

    /// As [`verify`](Self::verify), for the secret in the name of the run's disc.
    #[must_use]
    pub fn verify_disc(&self, run: RunId, presented: &str) -> bool {
        same(&self.disc_secret(run), presented)
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        // RFC 2104 pads a key with zeros to the hash's block, which is 64 bytes for SHA-256.
        let mut block = Zeroizing::new([0; 64]);
        block[..self.0.len()].copy_from_slice(&*self.0);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

fn same(secret: &Secret, presented: &str) -> bool {
    secret.reveal().as_bytes().ct_eq(presented.as_bytes()).into()
}

impl fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// The value of `ipa-inspection-callback-url`: each base with run id and secret appended, own
/// first; the ramdisk goes to the next on a connection error.
#[must_use]
pub fn callback_urls(key: &InstanceKey, run: RunId, bases: &[String]) -> Secret {
    let secret = key.callback_secret(run);
    let urls = bases.iter().map(|base| format!("{}/{run}/{}", base.trim_end_matches('/'), secret.reveal()));
    Secret::new(urls.collect::<Vec<_>>().join(","))
}

/// Reads the two path segments that follow the callback's base. `None`: not of the form that we
/// give out. Whether the secret is right is for [`InstanceKey::verify`].
#[must_use]
pub fn parse_segments<'a>(run: &str, secret: &'a str) -> Option<(RunId, &'a str)> {
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let well_formed = run.len() == 36 && secret.len() == SECRET_CHARS && secret.bytes().all(base64url);
    well_formed.then(|| run.parse().ok()).flatten().map(|run| (run, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0192d0c8-7b1e-7c3a-9f00-1a2b3c4d5e6f";

    fn run() -> RunId {
        RUN.parse().unwrap()
    }

    /// The expected value was computed with Python's `hmac` module.
    #[test]
    fn s4_any_conductor_with_the_key_computes_the_same_secret() {
        let key = InstanceKey::new([7; 32]);
        assert_eq!(key.callback_secret(run()).reveal(), "RdRflbIL9hg6l93ob5PUkdOqSlN6E5ddTBmxMWpGECY");
    }

    #[test]
    fn s9_only_the_secret_of_this_run_under_this_key_is_right() {
        let key = InstanceKey::new([7; 32]);
        let secret = key.callback_secret(run());
        assert!(key.verify(run(), secret.reveal()));
        assert!(!key.verify("0192d0c8-7b1e-7c3a-9f00-1a2b3c4d5e70".parse().unwrap(), secret.reveal()));
        assert!(!InstanceKey::new([8; 32]).verify(run(), secret.reveal()));
        for wrong in ["", "x", &secret.reveal()[..42], &format!("{}A", secret.reveal()), &"A".repeat(43)] {
            assert!(!key.verify(run(), wrong), "{wrong}");
        }
    }

    #[test]
    fn s9_what_is_given_out_reads_back_and_nothing_else_does() {
        let key = InstanceKey::new([7; 32]);
        let bases = ["http://10.0.0.1:8080/v1/continue".to_owned(), "http://10.0.0.2:8080/v1/continue/".to_owned()];
        let urls = callback_urls(&key, run(), &bases);
        let urls: Vec<_> = urls.reveal().split(',').collect();
        assert_eq!(urls.len(), 2);
        for (url, base) in urls.iter().zip(&bases) {
            let rest = url.strip_prefix(base.trim_end_matches('/')).unwrap();
            let (id, secret) = rest[1..].split_once('/').unwrap();
            assert_eq!(parse_segments(id, secret), Some((run(), secret)));
            assert!(key.verify(run(), secret));
        }
        let good = key.callback_secret(run());
        for (id, secret) in [
            (RUN, "short"),
            ("0192d0c87b1e7c3a9f001a2b3c4d5e6f", good.reveal()),
            ("x", good.reveal()),
            (RUN, &"%".repeat(43)),
            (RUN, &"é".repeat(22)[..42]),
        ] {
            assert_eq!(parse_segments(id, secret), None, "{id} {secret}");
        }
    }

    #[test]
    fn s13_neither_key_nor_secret_can_be_printed() {
        let key = InstanceKey::new([7; 32]);
        assert_eq!(format!("{key:?} {:?}", callback_urls(&key, run(), &["http://a".to_owned()])), "****** ******");
    }

    #[test]
    fn keys_for_two_purposes_differ() {
        let key = InstanceKey::new([7; 32]);
        assert_ne!(key.derive("seal"), key.derive("iso"));
    }
}
