//! A secret in memory. It can be read, and nothing else: no printing, no serializing, no copying by accident.

use zeroize::Zeroizing;

/// Bytes that must not leak. They are overwritten when the value is dropped.
///
/// The type has no `Debug`, `Display`, `Clone` or `Serialize`, so a secret cannot reach a log or an answer by
/// being part of something that does.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over. A `String` is taken over without a copy.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Secret {
        Secret(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for the one moment they are needed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text; `None` when it is not UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}
