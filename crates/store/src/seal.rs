//! Sealing: how BMC passwords rest in the database (promise S13).
//!
//! XChaCha20-Poly1305 with a random nonce in front; the owner's id is authenticated with it, so
//! that sealed bytes can't be moved from one node to another.

use std::collections::BTreeMap;

use assay_core::{callback::InstanceKey, id::NodeId, secret::Secret};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use rand::RngCore as _;
use zeroize::Zeroizing;

use crate::StoreError;

const NONCE: usize = 24;

/// Seals and opens with a key derived from the instance key.
pub struct Sealer(XChaCha20Poly1305);

impl From<&InstanceKey> for Sealer {
    fn from(key: &InstanceKey) -> Self {
        let sealing_key = key.derive("seal node secrets");
        Self(XChaCha20Poly1305::new((&*sealing_key).into()))
    }
}

impl Sealer {
    /// Seals the secrets of a node; `None` if there are none.
    pub fn seal(&self, node: NodeId, secrets: &BTreeMap<String, Secret>) -> Result<Option<Vec<u8>>, StoreError> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let revealed: BTreeMap<&str, &str> =
            secrets.iter().map(|(key, secret)| (key.as_str(), secret.reveal())).collect();
        let text = Zeroizing::new(serde_json::to_vec(&revealed).map_err(|_| StoreError::Sealed(node))?);
        let mut sealed = vec![0; NONCE];
        rand::rng().fill_bytes(&mut sealed);
        let payload = Payload { msg: &text, aad: node.0.as_bytes() };
        let body = self.0.encrypt(XNonce::from_slice(&sealed), payload).map_err(|_| StoreError::Sealed(node))?;
        sealed.extend(body);
        Ok(Some(sealed))
    }

    /// Opens what [`seal`](Self::seal) made for the same node.
    pub fn open(&self, node: NodeId, sealed: Option<&[u8]>) -> Result<BTreeMap<String, Secret>, StoreError> {
        let Some(sealed) = sealed else { return Ok(BTreeMap::new()) };
        let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(StoreError::Sealed(node))?;
        let payload = Payload { msg: body, aad: node.0.as_bytes() };
        let text = self.0.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| StoreError::Sealed(node))?;
        let text = Zeroizing::new(text);
        let revealed: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(|_| StoreError::Sealed(node))?;
        Ok(revealed.into_iter().map(|(key, value)| (key, Secret::new(value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::from(&InstanceKey::new([byte; 32]))
    }

    fn password() -> BTreeMap<String, Secret> {
        BTreeMap::from([("redfish_password".to_owned(), Secret::new("hunter2".to_owned()))])
    }

    #[test]
    fn s13_only_the_same_key_and_node_open_what_was_sealed() {
        let node = NodeId(Uuid::from_u128(1));
        let sealed = sealer(1).seal(node, &password()).unwrap().unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(sealer(1).open(node, Some(&sealed)).unwrap(), password());
        assert!(matches!(sealer(2).open(node, Some(&sealed)), Err(StoreError::Sealed(_))), "another key");
        let other = NodeId(Uuid::from_u128(2));
        assert!(matches!(sealer(1).open(other, Some(&sealed)), Err(StoreError::Sealed(_))), "another node");
        assert!(matches!(sealer(1).open(node, Some(&sealed[..30])), Err(StoreError::Sealed(_))), "cut off");
    }

    #[test]
    fn s13_the_same_password_is_sealed_differently_each_time() {
        let node = NodeId(Uuid::from_u128(1));
        let once = sealer(1).seal(node, &password()).unwrap();
        assert_ne!(once, sealer(1).seal(node, &password()).unwrap());
    }

    #[test]
    fn no_secrets_need_no_seal() {
        let node = NodeId(Uuid::from_u128(1));
        assert_eq!(sealer(1).seal(node, &BTreeMap::new()).unwrap(), None);
        assert!(sealer(1).open(node, None).unwrap().is_empty());
    }
}
