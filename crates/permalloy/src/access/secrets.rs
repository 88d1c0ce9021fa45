//! API keys and access tokens: how they are made, recognised and hashed.

use aws_lc_rs::digest;

use crate::chance;

/// What every API key begins with.
pub(crate) const KEY_PREFIX: &str = "ak_";
/// What every access token begins with.
pub(crate) const TOKEN_PREFIX: &str = "mcp_token_";
/// Random characters after the prefix: 238 bits.
const RANDOM_CHARS: usize = 40;

/// SHA-256 of a secret. The secrets have 238 random bits, so a plain hash cannot be searched.
pub(crate) type Hash = [u8; 32];

/// A new API key.
pub(crate) fn new_key() -> String {
    format!("{KEY_PREFIX}{}", chance::alphanumeric(RANDOM_CHARS))
}

/// A new access token.
pub(crate) fn new_token() -> String {
    format!("{TOKEN_PREFIX}{}", chance::alphanumeric(RANDOM_CHARS))
}

/// The hash under which a secret is stored and found.
pub(crate) fn hash(secret: &str) -> Hash {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}
