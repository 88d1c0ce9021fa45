//! Root keys and the ids that name keys in stored values.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Length of every key, in bytes (AES-256).
pub(crate) const KEY_BYTES: usize = 32;

/// Length of a key id, in bytes.
pub(crate) const KEY_ID_BYTES: usize = 4;

/// Names a key without telling it: the first four bytes of its SHA-256, shown as eight hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl KeyId {
    pub(crate) fn of(key: &[u8]) -> KeyId {
        let hash = digest::digest(&digest::SHA256, key);
        let first = hash.as_ref().first_chunk().expect("SHA-256 is longer than a key id");
        KeyId(*first)
    }

    pub(crate) fn from_bytes(bytes: [u8; KEY_ID_BYTES]) -> KeyId {
        KeyId(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; KEY_ID_BYTES] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// Why a text or file is not a root key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RootKeyError {
    /// The text is not standard base64 with padding.
    #[error("the vault key is not base64")]
    NotBase64,
    /// The key has another length than 32 bytes.
    #[error("the vault key must be 32 bytes, not {found}")]
    Length {
        /// How many bytes were found.
        found: usize,
    },
}

/// The key that wraps data keys. It lives outside the database and is overwritten when dropped.
pub struct RootKey {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl RootKey {
    /// A new key from the system's random generator.
    pub fn generate() -> RootKey {
        RootKey::from_bytes(*random_key())
    }

    /// A key from its 32 bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> RootKey {
        RootKey { id: KeyId::of(&bytes), bytes: Zeroizing::new(bytes) }
    }

    /// A key from standard base64 (RFC 4648, section 4), with whitespace around it as files have it.
    pub fn parse(text: &str) -> Result<RootKey, RootKeyError> {
        let decoded = STANDARD.decode(text.trim()).map_err(|_reason| RootKeyError::NotBase64)?;
        let decoded = Zeroizing::new(decoded);
        let length = RootKeyError::Length { found: decoded.len() };
        let bytes = <[u8; KEY_BYTES]>::try_from(decoded.as_slice()).map_err(|_reason| length)?;
        Ok(RootKey::from_bytes(bytes))
    }

    /// The key as base64, for writing it to its file. This is the secret itself.
    pub fn expose_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.bytes.as_slice()))
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

/// A fresh key from the system's random generator.
pub(crate) fn random_key() -> Zeroizing<[u8; KEY_BYTES]> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    rand::fill(bytes.as_mut_slice()).expect("the system's random generator answers or ends the process");
    bytes
}
