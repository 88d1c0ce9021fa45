//! Sealing: bytes in, bytes out, no I/O.
//!
//! An installation has a root key, which it keeps outside the database. The root key wraps one data key an
//! account; the data key seals the account's secrets. A sealed value opens only for the account, the
//! credential and the field it was sealed for. Nothing here may print a secret or panic on bytes from outside.
#![deny(missing_docs)]
#![forbid(clippy::indexing_slicing)]

mod envelope;
mod key;
mod secret;

pub use envelope::{DataKey, OpenError, Sealed, Vault, WrappedKey, sealed_key_id};
pub use key::{KeyId, RootKey, RootKeyError};
pub use secret::Secret;

/// What a sealed value belongs to. It is not stored with the value: it must be given again to open it, so a
/// value copied to another row, another field or another account does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The account whose data key seals the value.
    pub account: &'a str,
    /// The credential, access token or configuration the value is part of.
    pub credential: &'a str,
    /// The name of the sealed column or member.
    pub field: &'a str,
}
