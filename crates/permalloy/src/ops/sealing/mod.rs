//! The one place where secrets are sealed and opened. Keeps each account's data keys in memory once they are
//! unwrapped; knows nothing of what the secrets are for.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, TimeDelta, Utc};
use store::{Account, Db, StoredDataKey};
use vault::{Context, DataKey, KeyId, OpenError, Secret, Vault, WrappedKey, sealed_key_id};

use crate::error::Error;

/// After this time the key to seal with is looked up again, since another process may have made a newer one.
const CURRENT_FOR: TimeDelta = TimeDelta::seconds(60);

/// Seals and opens.
pub(crate) struct Sealing {
    vault: Vault,
    keys: RwLock<Keys>,
}

/// Unwrapped data keys.
#[derive(Default)]
struct Keys {
    /// By account: a few keys each, told apart by their id.
    by_account: HashMap<Box<str>, Vec<Arc<DataKey>>>,
    /// By account: the key to seal with, and when it was looked up.
    current: HashMap<Box<str>, (Arc<DataKey>, DateTime<Utc>)>,
}

/// How a rotation went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rotated {
    /// Data keys there are.
    pub(crate) total: usize,
    /// Data keys that this run wrapped anew.
    pub(crate) rewrapped: usize,
}

impl Sealing {
    pub(crate) fn new(vault: Vault) -> Self {
        Self { vault, keys: RwLock::default() }
    }

    /// Seals `secret` for one field of one credential (or other thing with an id).
    pub(crate) async fn seal(
        &self,
        account: &Account,
        now: DateTime<Utc>,
        credential_id: &str,
        field: &str,
        secret: &Secret,
    ) -> Result<Vec<u8>, Error> {
        let key = self.current_key(account, now).await?;
        let context = Context { account: account.id(), credential: credential_id, field };
        Ok(key.seal(context, secret).0)
    }

    /// Opens what [`Self::seal`] made for the same place. Hold the answer no longer than needed.
    pub(crate) async fn open(
        &self,
        account: &Account,
        credential_id: &str,
        field: &str,
        sealed: &[u8],
    ) -> Result<Secret, Error> {
        let key_id = sealed_key_id(sealed).ok_or_else(|| Error::internal(OpenError::Malformed))?;
        let key = match self.remembered(account.id(), key_id) {
            Some(key) => key,
            None => self.stored_key(account, key_id).await?,
        };
        let context = Context { account: account.id(), credential: credential_id, field };
        key.open(context, sealed).map_err(Error::internal)
    }

    /// Wraps every data key that an earlier root key wraps with the current one. May be stopped at any point and
    /// run again: what is done stays done, and nothing is unreadable in between while the earlier root key is
    /// still configured. `progress` is told how many keys were looked at, of how many.
    pub(crate) async fn rotate(
        &self,
        db: &Db,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Rotated, Error> {
        let stored = db.list_data_keys().await?;
        let mut rotated = Rotated { total: stored.len(), rewrapped: 0 };
        for (index, entry) in stored.into_iter().enumerate() {
            let wrapped = WrappedKey(entry.key.wrapped);
            if !self.vault.wraps_with_current(&wrapped) {
                let fresh = self.vault.rewrap(&entry.account_id, &wrapped).map_err(Error::internal)?;
                let account = db.account(entry.account_id);
                // When somebody else was faster, the key is wrapped anew all the same.
                let ours = account.rewrap_data_key(&entry.key.key_id, &wrapped.0, &fresh.0).await?;
                rotated.rewrapped += usize::from(ours);
            }
            progress(index + 1, rotated.total);
        }
        Ok(rotated)
    }

    fn remembered(&self, account: &str, key_id: KeyId) -> Option<Arc<DataKey>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.by_account.get(account)?.iter().find(|key| key.id() == key_id).map(Arc::clone)
    }

    fn remember(&self, account: &str, key: DataKey) -> Arc<DataKey> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let known = keys.by_account.entry(account.into()).or_default();
        if let Some(same) = known.iter().find(|other| other.id() == key.id()) {
            return Arc::clone(same);
        }
        let key = Arc::new(key);
        known.push(Arc::clone(&key));
        key
    }

    async fn stored_key(&self, account: &Account, key_id: KeyId) -> Result<Arc<DataKey>, Error> {
        let found = account.find_data_key(&key_id.to_string()).await?;
        let stored = found.ok_or_else(|| Error::internal(OpenError::UnknownKey(key_id)))?;
        self.unwrap(account, &stored)
    }

    fn unwrap(&self, account: &Account, stored: &StoredDataKey) -> Result<Arc<DataKey>, Error> {
        let wrapped = WrappedKey(stored.wrapped.clone());
        let key = self.vault.unwrap_data_key(account.id(), &wrapped).map_err(Error::internal)?;
        Ok(self.remember(account.id(), key))
    }

    /// The key to seal with; the account's first one is made here.
    async fn current_key(&self, account: &Account, now: DateTime<Utc>) -> Result<Arc<DataKey>, Error> {
        if let Some(key) = self.remembered_current(account.id(), now) {
            return Ok(key);
        }
        let stored = if let Some(stored) = account.current_data_key().await? {
            stored
        } else {
            let (key, wrapped) = self.vault.new_data_key(account.id());
            let first = StoredDataKey { key_id: key.id().to_string(), wrapped: wrapped.0, created_at: now };
            account.ensure_data_key(&first).await?
        };
        let key = self.unwrap(account, &stored)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.current.insert(account.id().into(), (Arc::clone(&key), now));
        Ok(key)
    }

    fn remembered_current(&self, account: &str, now: DateTime<Utc>) -> Option<Arc<DataKey>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (key, at) = keys.current.get(account)?;
        (now - *at < CURRENT_FOR).then(|| Arc::clone(key))
    }
}
