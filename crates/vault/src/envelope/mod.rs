//! The envelope: what a sealed value looks like, and the keys that make and open it.
//!
//! Layout of a sealed value and of a wrapped key: version (1 byte), key id (4 bytes), nonce (12 bytes),
//! ciphertext, tag (16 bytes). AES-256-GCM (NIST SP 800-38D) with random nonces.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::key::{KEY_BYTES, KEY_ID_BYTES, random_key};
use crate::{Context, KeyId, RootKey, Secret};

/// The one layout there is so far.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

/// Why a value did not open. It says nothing about the value's content.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpenError {
    /// Too short, or of a version this program does not know.
    #[error("the sealed value is malformed")]
    Malformed,
    /// Sealed with a key that is not at hand.
    #[error("the value was sealed with key {0}, which is not available")]
    UnknownKey(KeyId),
    /// Changed, cut, or sealed for another account, credential or field.
    #[error("the sealed value does not belong here or was changed")]
    Rejected,
}

/// A sealed secret, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl AsRef<[u8]> for Sealed {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// An account's data key, sealed with a root key, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey(pub Vec<u8>);

impl WrappedKey {
    /// The id of the root key that wraps it; `None` when the bytes are no wrapped key.
    pub fn root_key_id(&self) -> Option<KeyId> {
        sealed_key_id(&self.0)
    }
}

/// The id of the key that sealed these bytes; `None` when they are no sealed value.
pub fn sealed_key_id(sealed: &[u8]) -> Option<KeyId> {
    Parts::of(sealed).ok().map(|parts| parts.key_id)
}

/// The root keys of an installation: the current one, which wraps, and earlier ones, which only unwrap.
pub struct Vault {
    current: SealingKey,
    previous: Vec<SealingKey>,
}

impl Vault {
    /// A vault that wraps with `current` and still unwraps what any of `previous` wrapped.
    pub fn new(current: &RootKey, previous: &[RootKey]) -> Vault {
        let previous = previous.iter().map(|key| SealingKey::new(key.bytes())).collect();
        Vault { current: SealingKey::new(current.bytes()), previous }
    }

    /// The id of the root key that wraps new data keys.
    pub fn current_key_id(&self) -> KeyId {
        self.current.id
    }

    /// A new data key for the account, and its wrapped form for the database.
    pub fn new_data_key(&self, account: &str) -> (DataKey, WrappedKey) {
        let bytes = random_key();
        let wrapped = self.current.seal(&data_key_associated_data(account), bytes.as_slice());
        (DataKey(SealingKey::new(&bytes)), WrappedKey(wrapped))
    }

    /// The account's data key. It may stay in memory for as long as the process lives.
    pub fn unwrap_data_key(&self, account: &str, wrapped: &WrappedKey) -> Result<DataKey, OpenError> {
        let bytes = self.unwrap_bytes(account, wrapped)?;
        Ok(DataKey(SealingKey::new(&bytes)))
    }

    /// The same data key, wrapped with the current root key: the step of a root key rotation.
    pub fn rewrap(&self, account: &str, wrapped: &WrappedKey) -> Result<WrappedKey, OpenError> {
        let bytes = self.unwrap_bytes(account, wrapped)?;
        Ok(WrappedKey(self.current.seal(&data_key_associated_data(account), bytes.as_slice())))
    }

    /// Whether the current root key wraps this data key, so that no rotation is due.
    pub fn wraps_with_current(&self, wrapped: &WrappedKey) -> bool {
        wrapped.root_key_id() == Some(self.current.id)
    }

    fn unwrap_bytes(
        &self,
        account: &str,
        wrapped: &WrappedKey,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, OpenError> {
        let key_id = Parts::of(&wrapped.0)?.key_id;
        let mut keys = std::iter::once(&self.current).chain(&self.previous);
        let key = keys.find(|key| key.id == key_id).ok_or(OpenError::UnknownKey(key_id))?;
        let opened = key.open(&data_key_associated_data(account), &wrapped.0)?;
        let bytes = opened.expose().try_into().map_err(|_reason| OpenError::Rejected)?;
        Ok(Zeroizing::new(bytes))
    }
}

/// The key that seals one account's secrets.
pub struct DataKey(SealingKey);

impl DataKey {
    /// The id that every value sealed with this key carries.
    pub fn id(&self) -> KeyId {
        self.0.id
    }

    /// Seals a secret for its place. Two calls give different bytes.
    pub fn seal(&self, context: Context<'_>, secret: &Secret) -> Sealed {
        Sealed(self.0.seal(&context_associated_data(context), secret.expose()))
    }

    /// Opens what `seal` made for the same place. Any bytes may be given.
    pub fn open(&self, context: Context<'_>, sealed: &[u8]) -> Result<Secret, OpenError> {
        self.0.open(&context_associated_data(context), sealed)
    }
}

/// A key with its schedule computed, and its id.
struct SealingKey {
    id: KeyId,
    key: LessSafeKey,
}

impl SealingKey {
    fn new(bytes: &[u8; KEY_BYTES]) -> SealingKey {
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("AES-256 takes exactly 32 bytes");
        SealingKey { id: KeyId::of(bytes), key: LessSafeKey::new(key) }
    }

    fn seal(&self, associated_data: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        rand::fill(&mut nonce).expect("the system's random generator answers or ends the process");
        let mut buffer = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
        buffer.extend_from_slice(plain);
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data),
                &mut *buffer,
            )
            .expect("AES-GCM seals anything shorter than 64 GiB");
        let mut sealed = Vec::with_capacity(HEADER_BYTES + buffer.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(self.id.as_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&buffer);
        sealed
    }

    fn open(&self, associated_data: &[u8], sealed: &[u8]) -> Result<Secret, OpenError> {
        let parts = Parts::of(sealed)?;
        if parts.key_id != self.id {
            return Err(OpenError::UnknownKey(parts.key_id));
        }
        let nonce = Nonce::assume_unique_for_key(parts.nonce);
        let mut buffer = Zeroizing::new(parts.body.to_vec());
        let plain_bytes = self
            .key
            .open_in_place(nonce, Aad::from(associated_data), &mut buffer)
            .map_err(|_unspecified| OpenError::Rejected)?
            .len();
        buffer.truncate(plain_bytes);
        Ok(Secret::new(std::mem::take(&mut *buffer)))
    }
}

/// A sealed value, taken apart.
struct Parts<'a> {
    key_id: KeyId,
    nonce: [u8; NONCE_BYTES],
    body: &'a [u8],
}

impl Parts<'_> {
    fn of(sealed: &[u8]) -> Result<Parts<'_>, OpenError> {
        let (&[version], rest) = sealed.split_first_chunk().ok_or(OpenError::Malformed)?;
        let (key_id, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        let (nonce, body) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        if version != VERSION || body.len() < TAG_BYTES {
            return Err(OpenError::Malformed);
        }
        Ok(Parts { key_id: KeyId::from_bytes(*key_id), nonce: *nonce, body })
    }
}

/// The purposes are the first byte, so that a wrapped key never passes for a sealed field.
fn data_key_associated_data(account: &str) -> Vec<u8> {
    associated_data(b'k', &[account])
}

fn context_associated_data(context: Context<'_>) -> Vec<u8> {
    associated_data(b'f', &[context.account, context.credential, context.field])
}

/// Every part is preceded by its length, so that no two lists of parts give the same bytes.
fn associated_data(purpose: u8, parts: &[&str]) -> Vec<u8> {
    let bytes = parts.iter().map(|part| 8 + part.len()).sum::<usize>();
    let mut data = Vec::with_capacity(2 + bytes);
    data.extend_from_slice(&[VERSION, purpose]);
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests;
