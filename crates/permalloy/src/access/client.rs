//! MCP clients: whoever holds a server's token URL, or an API key of its account; and which end user they speak
//! for (contract: "Who is the end user").

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use axum::http::{HeaderMap, HeaderName};
use bytes::Bytes;
use store::{Account, Identity, Role};
use subtle::ConstantTimeEq as _;

use super::{
    Member, bearer,
    caller::user_header,
    rate::{Allowance, Limiter},
    restrictions::{Question, Restrictions, Written},
    secrets,
};
use crate::{
    app::App,
    error::{Error, Noun},
    scope::Scope,
    telemetry::metrics::Limit,
};

static USER_TOKEN: HeaderName = HeaderName::from_static("x-alloy-user-token");
static CREDENTIAL_ID: HeaderName = HeaderName::from_static("x-credential-id");

/// End users that a server remembers; one more empties the memory.
const MAX_SEEN: usize = 100_000;

/// A server as its clients use it: the row, its restrictions compiled, and what is ready to be sent.
pub(crate) struct Server {
    pub(crate) account: Account,
    pub(crate) account_id: Arc<str>,
    pub(crate) server_id: Arc<str>,
    pub(crate) owner: Arc<str>,
    pub(crate) row: store::Server,
    pub(crate) restrictions: Restrictions,
    pub(crate) ready: Ready,
    limiter: OnceLock<Arc<Limiter<Arc<str>>>>,
    /// End users that were seen here before, so that they exist.
    seen: RwLock<HashSet<Arc<str>>>,
}

/// Answers that are the same for every client of a server, serialized once.
#[derive(Default)]
pub(crate) struct Ready {
    /// The members of the first page of `tools/list`.
    pub(crate) tools: OnceLock<Bytes>,
    /// `serverInfo` as JSON.
    pub(crate) info: OnceLock<String>,
}

impl Server {
    /// From a row. A restriction that cannot be read is an error, never "no restriction".
    pub(crate) fn new(account: Account, row: store::Server) -> Result<Self, Error> {
        let written: Written = serde_json::from_str(&row.restrictions).map_err(Error::internal)?;
        Ok(Self {
            account_id: account.id().into(),
            server_id: row.server_id.as_str().into(),
            owner: row.owner_user_id.as_str().into(),
            restrictions: Restrictions::new(&written),
            ready: Ready::default(),
            limiter: OnceLock::new(),
            seen: RwLock::default(),
            account,
            row,
        })
    }

    /// The end user of that name; whether it exists is not asked yet.
    fn end_user(&self, user: &str) -> Arc<str> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).get(user).cloned();
        seen.unwrap_or_else(|| user.into())
    }

    /// Makes an end user at first sight.
    async fn ensure_user(&self, app: &App, user: &Arc<str>) -> Result<(), Error> {
        if self.seen.read().unwrap_or_else(PoisonError::into_inner).contains(user) {
            return Ok(());
        }
        app.lookup.ensure_user(&self.account, &self.account_id, user, app.clock.now()).await?;
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        seen.insert(Arc::clone(user));
        Ok(())
    }

    fn limiter(&self, app: &App) -> &Limiter<Arc<str>> {
        self.limiter.get_or_init(|| {
            let per_minute = u32::try_from(self.row.requests_per_minute).unwrap_or(1);
            app.rates.of_server(&self.server_id, per_minute)
        })
    }
}

/// What the client showed.
#[derive(Clone)]
pub(crate) enum Via {
    Token(Arc<str>),
    Key(Arc<str>),
    /// A command on the host.
    Host,
}

/// How a client of the MCP endpoint proves itself.
pub(crate) enum Credentials<'a> {
    /// The access token in the URL.
    Token { server_id: &'a str, token: &'a str },
    /// The `Authorization` header.
    Bearer { server_id: &'a str },
}

/// The request headers that concern identity and credentials.
#[derive(Clone, Default)]
pub(crate) struct Headers {
    /// `x-credential-id`
    pub(crate) credential_id: Option<String>,
}

/// A client of one server, speaking for one end user. Everything it sees and does is seen and done as that user.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) server: Arc<Server>,
    pub(crate) user_id: Arc<str>,
    pub(crate) via: Via,
    pub(crate) headers: Headers,
}

impl Client {
    /// Proves a client of the MCP endpoint, or refuses it. A token that is wrong, expired, replaced or of a
    /// deleted server is one and the same refusal, and each costs one look-up in the database.
    pub(crate) async fn prove(
        app: &App,
        credentials: Credentials<'_>,
        headers: &HeaderMap,
        scope: &Scope,
    ) -> Result<Self, Error> {
        let (server, via, key_user) = match credentials {
            Credentials::Token { server_id, token } => {
                let (server, via) = by_token(app, server_id, token, scope).await?;
                (server, via, None)
            }
            Credentials::Bearer { server_id } => by_key(app, server_id, headers, scope).await?,
        };
        Scope::note(&scope.account_id, Arc::clone(&server.account_id));
        Scope::note(&scope.server_id, Arc::clone(&server.server_id));
        let user_id = end_user(app, &server, key_user.as_ref(), headers, scope)?;
        Scope::note(&scope.user_id, Arc::clone(&user_id));
        let headers = Headers { credential_id: text(headers, &CREDENTIAL_ID)? };
        Ok(Self { server, user_id, via, headers })
    }

    /// The client that a management caller is when it uses a server's tools without speaking MCP: the same
    /// restrictions and the same record, as the caller's effective user.
    pub(crate) async fn of_member(app: &App, by: &Member, server_id: &str) -> Result<Self, Error> {
        let found = app.lookup.server(&app.db, by.account_id(), server_id).await?;
        let server = found.ok_or_else(|| Error::not_found(Noun::Server))?;
        if !by.is_admin() && *server.owner != **by.user_id() {
            return Err(Error::not_found(Noun::Server));
        }
        let via = by.key_id().map_or(Via::Host, |key_id| Via::Key(Arc::clone(key_id)));
        let client = Self { server, user_id: Arc::clone(by.user_id()), via, headers: Headers::default() };
        client.decide(Question::User(&client.user_id))?;
        Ok(client)
    }

    /// Whether the end user may use this server at all; one who may is made at first sight. Asked after the limit,
    /// so that made-up names are neither free nor kept.
    pub(crate) async fn admit(&self, app: &App) -> Result<(), Error> {
        self.decide(Question::User(&self.user_id))?;
        self.server.ensure_user(app, &self.user_id).await
    }

    /// Takes this request from the limit of server and user.
    pub(crate) fn take(&self, app: &App, scope: &Scope) -> Result<Allowance, Error> {
        match app.rates.take(self.server.limiter(app), &self.user_id) {
            Ok(allowance) => {
                Scope::note(&scope.allowance, allowance);
                Ok(allowance)
            }
            Err(exceeded) => {
                app.telemetry.metrics.rate_limited(Limit::Requests);
                Scope::note(&scope.allowance, exceeded.allowance());
                Err(exceeded.into())
            }
        }
    }

    /// Asks the server's restrictions.
    pub(crate) fn decide(&self, question: Question<'_>) -> Result<(), Error> {
        self.server.restrictions.decide(question).map_err(Error::from)
    }
}

async fn by_token(
    app: &App,
    server_id: &str,
    token: &str,
    scope: &Scope,
) -> Result<(Arc<Server>, Via), Error> {
    let hash = secrets::hash(token);
    let now = app.clock.now();
    let usable = |found: &super::lookup::Token| {
        now < found.expires_at && bool::from(found.server.server_id.as_bytes().ct_eq(server_id.as_bytes()))
    };
    let found = match app.lookup.remembered_token(&hash).filter(|found| usable(found)) {
        Some(found) => found,
        // Whatever memory says, a refusal is never quicker than the database.
        None => match app.lookup.token(&app.db, &hash).await?.filter(|found| usable(found)) {
            Some(found) => found,
            None => return Err(bearer::refuse(app, scope)),
        },
    };
    app.lookup.used_token(&found, now);
    Ok((Arc::clone(&found.server), Via::Token(Arc::clone(&found.token_id))))
}

type ByKey = (Arc<Server>, Via, Option<(Role, Arc<str>)>);

async fn by_key(app: &App, server_id: &str, headers: &HeaderMap, scope: &Scope) -> Result<ByKey, Error> {
    let key = bearer::key(app, headers, scope).await?;
    let found = app.lookup.server(&app.db, &key.account_id, server_id).await?;
    let server = found.ok_or_else(|| Error::not_found(Noun::Server))?;
    if key.key.role == Role::Member && *server.owner != *key.key.user_id {
        return Err(Error::not_found(Noun::Server));
    }
    let via = Via::Key(key.key.key_id.as_str().into());
    Ok((server, via, Some((key.key.role, key.key.user_id.as_str().into()))))
}

/// The contract's table of identity modes. JWT verification is not there yet, so a token is never believed: the
/// mode `jwt` refuses everybody.
fn end_user(
    app: &App,
    server: &Server,
    key_user: Option<&(Role, Arc<str>)>,
    headers: &HeaderMap,
    scope: &Scope,
) -> Result<Arc<str>, Error> {
    let has_jwt = headers.contains_key(&USER_TOKEN);
    let named = user_header(headers)?;
    match server.row.identity {
        Identity::Owner if has_jwt || named.is_some() => {
            Err(Error::forbidden("This server speaks for its owner only; send no user header"))
        }
        Identity::Jwt if named.is_some() => Err(Error::forbidden(
            "This server takes the end user from a verified token, not from x-alloy-userid",
        )),
        Identity::Jwt => Err(bearer::refuse(app, scope)),
        Identity::Header if has_jwt => Err(bearer::refuse(app, scope)),
        Identity::Owner => Ok(Arc::clone(&server.owner)),
        Identity::Header => match named {
            None => Ok(Arc::clone(&server.owner)),
            Some(user) => {
                if key_user.is_some_and(|(role, own)| *role == Role::Member && **own != *user) {
                    return Err(Error::forbidden("A member key acts only as its own user"));
                }
                Ok(server.end_user(user))
            }
        },
    }
}

fn text(headers: &HeaderMap, name: &'static HeaderName) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let wrong = || Error::invalid_field(name.as_str(), "is not ASCII text");
    let text = value.to_str().map_err(|error| wrong().because(error))?;
    Ok(Some(text.to_owned()))
}
