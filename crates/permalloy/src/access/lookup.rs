//! From a secret's hash to what it opens, from memory when it was seen before. What is kept belongs to one state
//! of the management data: any change of it, here or in another process, makes all of it stale at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use store::{ApiKey, Db, FoundApiKey};
use tokio::sync::watch;

use super::{client::Server, secrets::Hash as SecretHash};
use crate::error::Error;

/// Entries kept of each kind; one more empties the kind.
const MAX_ENTRIES: usize = 100_000;

/// What was looked up in one state of the management data. Another state empties it.
struct Kept<K, V> {
    state: RwLock<(u64, HashMap<K, V>)>,
}

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    fn new() -> Self {
        Self { state: RwLock::new((0, HashMap::new())) }
    }

    fn get(&self, generation: u64, key: &K) -> Option<V> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.0 == generation { state.1.get(key).cloned() } else { None }
    }

    /// Keeps what was read when the data was in `generation`; what is older than what is kept already is dropped.
    fn insert(&self, generation: u64, key: K, value: V) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.0 > generation {
            return;
        }
        if state.0 < generation || state.1.len() >= MAX_ENTRIES {
            state.1.clear();
            state.0 = generation;
        }
        state.1.insert(key, value);
    }
}

/// An access token that was found.
pub(crate) struct Token {
    pub(crate) server: Arc<Server>,
    pub(crate) token_id: Arc<str>,
    pub(crate) account_id: Arc<str>,
    pub(crate) expires_at: DateTime<Utc>,
    /// The second of its last use that was noted, since 1970.
    noted: AtomicI64,
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
    keys: Kept<SecretHash, Arc<Key>>,
    tokens: Kept<SecretHash, Arc<Token>>,
    servers: Kept<(Arc<str>, Arc<str>), Arc<Server>>,
    credentials: Kept<[Arc<str>; 3], Arc<store::Credential>>,
    users: Kept<(Arc<str>, Arc<str>), ()>,
    /// When keys and tokens were last used, until a job writes it down.
    used: Mutex<LastUses>,
}

/// By account and id: what was used, and when.
type LastUses = HashMap<(Arc<str>, Arc<str>), (Used, DateTime<Utc>)>;
/// The same with account and id.
type NotedUse = (Used, Arc<str>, Arc<str>, DateTime<Utc>);

/// Which table an entry of `used` is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Used {
    Key,
    Token,
    Credential,
}

impl Lookup {
    pub(crate) fn new() -> Self {
        Self {
            generation: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            keys: Kept::new(),
            tokens: Kept::new(),
            servers: Kept::new(),
            credentials: Kept::new(),
            users: Kept::new(),
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

    /// The API key with this hash, which may be expired or revoked: the caller checks.
    pub(crate) async fn key(&self, db: &Db, hash: &SecretHash) -> Result<Option<Arc<Key>>, Error> {
        let generation = self.generation();
        if let Some(key) = self.keys.get(generation, hash) {
            return Ok(Some(key));
        }
        let Some(FoundApiKey { account_id, key }) = db.find_api_key(hash).await? else { return Ok(None) };
        let key = Arc::new(Key { account_id: account_id.into(), key });
        self.keys.insert(generation, *hash, Arc::clone(&key));
        Ok(Some(key))
    }

    /// The access token with this hash if memory has it. Costs no database.
    pub(crate) fn remembered_token(&self, hash: &SecretHash) -> Option<Arc<Token>> {
        self.tokens.get(self.generation(), hash)
    }

    /// The access token with this hash, from the database, with its server. May be expired: the caller checks.
    pub(crate) async fn token(&self, db: &Db, hash: &SecretHash) -> Result<Option<Arc<Token>>, Error> {
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
            noted: AtomicI64::new(0),
        });
        self.tokens.insert(generation, *hash, Arc::clone(&token));
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
        let generation = self.generation();
        if let Some(server) = self.servers.get(generation, &place) {
            return Ok(Some(server));
        }
        let account = db.account(Arc::clone(account_id));
        let Some(row) = account.find_server(server_id).await? else { return Ok(None) };
        let server = Arc::new(Server::new(account, row)?);
        self.servers.insert(generation, place, Arc::clone(&server));
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
        let generation = self.generation();
        if let Some(credential) = self.credentials.get(generation, &place) {
            return Ok(Some(credential));
        }
        let Some(row) = account.newest_active_credential(user_id, connector_id).await? else {
            return Ok(None);
        };
        let credential = Arc::new(row);
        self.credentials.insert(generation, place, Arc::clone(&credential));
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
        let generation = self.generation();
        if self.users.get(generation, &place).is_some() {
            return Ok(());
        }
        account.ensure_user(user_id, now).await?;
        self.users.insert(generation, place, ());
        Ok(())
    }

    /// Notes that a token was used, once a second at most.
    pub(crate) fn used_token(&self, token: &Token, now: DateTime<Utc>) {
        let second = now.timestamp();
        if token.noted.swap(second, Ordering::Relaxed) != second {
            self.used(Used::Token, &token.account_id, &token.token_id, now);
        }
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
    pub(crate) fn take_used(&self) -> Vec<NotedUse> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        used.into_iter().map(|((account_id, id), (what, at))| (what, account_id, id, at)).collect()
    }
}
