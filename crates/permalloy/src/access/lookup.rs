//! From a secret's hash to what it opens, from memory when it was seen before. What is kept belongs to one state
//! of the management data: any change of it, here or in another process, makes all of it stale at once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use store::{ApiKey, Db, FoundApiKey};
use tokio::sync::watch;

use super::{client::Server, secrets::Hash};
use crate::error::Error;

/// Entries kept of each kind.
const MAX_ENTRIES: u64 = 100_000;
/// An entry is read again after this time even when nothing changed.
const MAX_AGE: Duration = Duration::from_secs(300);

/// What was looked up, and what it was true for.
#[derive(Clone)]
struct Seen<T> {
    generation: u64,
    value: T,
}

/// An access token that was found.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) server: Arc<Server>,
    pub(crate) token_id: Arc<str>,
    pub(crate) account_id: Arc<str>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// An API key that was found.
pub(crate) struct Key {
    pub(crate) account_id: Arc<str>,
    pub(crate) key: ApiKey,
}

/// The memory of look-ups.
pub(crate) struct Lookup {
    generation: AtomicU64,
    changed: watch::Sender<u64>,
    keys: Cache<Hash, Seen<Arc<Key>>>,
    tokens: Cache<Hash, Seen<Arc<Token>>>,
    servers: Cache<(Arc<str>, Arc<str>), Seen<Arc<Server>>>,
    credentials: Cache<[Arc<str>; 3], Seen<Arc<store::Credential>>>,
    users: Cache<(Arc<str>, Arc<str>), ()>,
    /// When keys and tokens were last used, until a job writes it down.
    used: Mutex<HashMap<(Arc<str>, Arc<str>), (Used, DateTime<Utc>)>>,
}

/// Which table an entry of `used` is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Used {
    Key,
    Token,
    Credential,
}

fn cache<K: std::hash::Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder().max_capacity(MAX_ENTRIES).time_to_live(MAX_AGE).build()
}

impl Lookup {
    pub(crate) fn new() -> Self {
        Self {
            generation: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            keys: cache(),
            tokens: cache(),
            servers: cache(),
            credentials: cache(),
            users: cache(),
            used: Mutex::default(),
        }
    }

    /// Makes everything that was looked up before stale.
    pub(crate) fn forget(&self) {
        let before = self.generation.fetch_add(1, Ordering::AcqRel);
        self.changed.send_replace(before + 1);
    }

    /// Tells of every [`Self::forget`] from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn fresh<K: std::hash::Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(
        &self,
        cache: &Cache<K, Seen<V>>,
        key: &K,
    ) -> Option<V> {
        cache.get(key).filter(|seen| seen.generation == self.generation()).map(|seen| seen.value)
    }

    /// The API key with this hash, which may be expired or revoked: the caller checks.
    pub(crate) async fn key(&self, db: &Db, hash: &Hash) -> Result<Option<Arc<Key>>, Error> {
        if let Some(key) = self.fresh(&self.keys, hash) {
            return Ok(Some(key));
        }
        let generation = self.generation();
        let Some(FoundApiKey { account_id, key }) = db.find_api_key(hash).await? else { return Ok(None) };
        let key = Arc::new(Key { account_id: account_id.into(), key });
        self.keys.insert(*hash, Seen { generation, value: Arc::clone(&key) });
        Ok(Some(key))
    }

    /// The access token with this hash if memory has it. Costs no database.
    pub(crate) fn remembered_token(&self, hash: &Hash) -> Option<Arc<Token>> {
        self.fresh(&self.tokens, hash)
    }

    /// The access token with this hash, from the database, with its server. May be expired: the caller checks.
    pub(crate) async fn token(&self, db: &Db, hash: &Hash) -> Result<Option<Arc<Token>>, Error> {
        let generation = self.generation();
        let Some(found) = db.find_access_token(hash).await? else { return Ok(None) };
        let account_id: Arc<str> = found.account_id.into();
        let Some(server) = self.server(db, &account_id, &found.token.server_id).await? else {
            return Ok(None);
        };
        let token = Arc::new(Token {
            server,
            token_id: found.token.token_id.into(),
            account_id,
            expires_at: found.token.expires_at,
        });
        self.tokens.insert(*hash, Seen { generation, value: Arc::clone(&token) });
        Ok(Some(token))
    }

    /// A server of an account, ready to be used by clients.
    pub(crate) async fn server(
        &self,
        db: &Db,
        account_id: &Arc<str>,
        server_id: &str,
    ) -> Result<Option<Arc<Server>>, Error> {
        let place = (Arc::clone(account_id), Arc::from(server_id));
        if let Some(server) = self.fresh(&self.servers, &place) {
            return Ok(Some(server));
        }
        let generation = self.generation();
        let account = db.account(Arc::clone(account_id));
        let Some(row) = account.find_server(server_id).await? else { return Ok(None) };
        let server = Arc::new(Server::new(account, row)?);
        self.servers.insert(place, Seen { generation, value: Arc::clone(&server) });
        Ok(Some(server))
    }

    /// The newest active credential of a user for a connector, if there is one.
    pub(crate) async fn newest_credential(
        &self,
        account: &store::Account,
        account_id: &Arc<str>,
        user_id: &Arc<str>,
        connector_id: &str,
    ) -> Result<Option<Arc<store::Credential>>, Error> {
        let place = [Arc::clone(account_id), Arc::clone(user_id), Arc::from(connector_id)];
        if let Some(credential) = self.fresh(&self.credentials, &place) {
            return Ok(Some(credential));
        }
        let generation = self.generation();
        let Some(row) = account.newest_active_credential(user_id, connector_id).await? else {
            return Ok(None);
        };
        let credential = Arc::new(row);
        self.credentials.insert(place, Seen { generation, value: Arc::clone(&credential) });
        Ok(Some(credential))
    }

    /// Makes the user at first sight; afterwards costs no database.
    pub(crate) async fn ensure_user(
        &self,
        account: &store::Account,
        account_id: &Arc<str>,
        user_id: &Arc<str>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let place = (Arc::clone(account_id), Arc::clone(user_id));
        if self.users.contains_key(&place) {
            return Ok(());
        }
        account.ensure_user(user_id, now).await?;
        self.users.insert(place, ());
        Ok(())
    }

    /// A user was deleted: the next sight is a first one again.
    pub(crate) fn forget_user(&self, account_id: &Arc<str>, user_id: &str) {
        self.users.invalidate(&(Arc::clone(account_id), Arc::from(user_id)));
    }

    /// Notes that a key, token or credential was used.
    pub(crate) fn used(&self, what: Used, account_id: &Arc<str>, id: &Arc<str>, now: DateTime<Utc>) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(&(Arc::clone(account_id), Arc::clone(id))) {
            Some(last) => last.1 = now,
            None => {
                used.insert((Arc::clone(account_id), Arc::clone(id)), (what, now));
            }
        }
    }

    /// Takes what [`Self::used`] noted since the last time.
    pub(crate) fn take_used(&self) -> Vec<(Used, Arc<str>, Arc<str>, DateTime<Utc>)> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        used.into_iter().map(|((account_id, id), (what, at))| (what, account_id, id, at)).collect()
    }
}
