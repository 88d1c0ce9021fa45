//! MCP servers: create, list, show, change, delete.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{AccessToken, Identity, ServerCursor, ToolMode};

use super::{change, tokens};
use crate::{
    access::{Member, restrictions::Written},
    app::App,
    chance,
    error::{Detail, Error, Noun},
};

/// How long an access token lives when nobody says, in days.
pub(crate) const DEFAULT_TOKEN_DAYS: u32 = 90;
/// The longest slug of a server id, in characters.
const MAX_SLUG: usize = 48;
/// How often a taken server id is drawn again.
const MAX_DRAWS: usize = 4;

/// The body of `POST /api/servers`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Create {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) custom_instructions: String,
    pub(crate) token_expires_in_days: Option<u32>,
    #[serde(default)]
    pub(crate) restrictions: Written,
    pub(crate) tool_mode: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) is_public: Option<bool>,
}

/// The body of `PUT /api/servers/{serverId}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Update {
    name: Option<String>,
    description: Option<String>,
    custom_instructions: Option<String>,
    restrictions: Option<Written>,
    tool_mode: Option<String>,
    identity: Option<String>,
    rate_limit: Option<RateLimit>,
    is_public: Option<bool>,
}

/// `rateLimit` of a server.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RateLimit {
    pub(crate) requests_per_minute: u32,
}

/// A server as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) server_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) custom_instructions: String,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_token: Option<String>,
    pub(crate) owner_user_id: String,
    pub(crate) restrictions: Written,
    pub(crate) has_restrictions: bool,
    pub(crate) tool_mode: &'static str,
    pub(crate) identity: &'static str,
    pub(crate) rate_limit: RateLimit,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// One page of servers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) servers: Vec<View>,
    pub(crate) count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// Creates a server with its first access token.
pub(crate) async fn create(app: &App, by: &Member, request: Create) -> Result<View, Error> {
    refuse_public(request.is_public)?;
    check_name(&request.name)?;
    let days = request.token_expires_in_days.unwrap_or(DEFAULT_TOKEN_DAYS);
    within("tokenExpiresInDays", days, 1..=365)?;
    let identity = identity_for(by, request.identity.as_deref())?;
    let restrictions = request.restrictions.normalise()?;
    let now = app.clock.now();
    let mut server = store::Server {
        server_id: String::new(),
        owner_user_id: by.user_id().to_string(),
        made_by_admin: by.is_admin(),
        name: request.name,
        description: request.description,
        custom_instructions: request.custom_instructions,
        restrictions: written(&restrictions)?,
        tool_mode: request.tool_mode.as_deref().map_or(Ok(ToolMode::Dynamic), tool_mode)?,
        identity,
        requests_per_minute: i64::from(
            request
                .rate_limit
                .map_or(app.config.limits.requests_per_minute, |limit| limit.requests_per_minute),
        ),
        created_at: now,
        updated_at: now,
    };
    let expires_at = now + TimeDelta::days(days.into());
    let mut draws = 0;
    let (token, secret) = loop {
        draws += 1;
        server.server_id = format!("{}-{}", slug(&server.name), chance::hex(8));
        let made = tokens::new_token(app, by, &server.server_id, "primary", true, expires_at).await?;
        match insert(app, by, &server, &made.0).await {
            Err(store::Error::Conflict(store::Unique::ServerId)) if draws < MAX_DRAWS => {}
            Err(error) => return Err(error.into()),
            Ok(()) => break made,
        }
    };
    app.lookup.forget();
    let mut view = view(app, &server)?;
    view.access_url = Some(tokens::access_url(app, &server.server_id, &secret));
    view.access_token = Some(secret);
    view.token_expires_at = Some(token.expires_at);
    Ok(view)
}

async fn insert(app: &App, by: &Member, server: &store::Server, token: &AccessToken) -> store::Result<()> {
    let mut tx = by.account().begin().await?;
    tx.insert_server(server).await?;
    tx.insert_access_token(token).await?;
    let (actor, details) = (by.actor().to_string(), json!({ "name": server.name }).to_string());
    let entry = store::NewAuditEntry {
        at: app.clock.now(),
        actor: &actor,
        action: "server.create",
        target: &server.server_id,
        details: &details,
    };
    tx.audit(entry).await?;
    tx.commit().await
}

/// One page of the caller's servers, or with `all` (admins) of the account's.
pub(crate) async fn list(
    app: &App,
    by: &Member,
    all: bool,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Page, Error> {
    if all && !by.is_admin() {
        return Err(Error::forbidden("all=true needs an API key with the role admin"));
    }
    let owner = (!all).then(|| &**by.user_id());
    let after = cursor.map(read_cursor).transpose()?;
    let after =
        after.as_ref().map(|(created_at, server_id)| ServerCursor { created_at: *created_at, server_id });
    let mut rows = by.account().list_servers(owner, i64::from(limit) + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(write_cursor);
    let mut servers = Vec::with_capacity(rows.len());
    for row in &rows {
        servers.push(shown(app, by, row).await?);
    }
    Ok(Page { servers, count: by.account().count_servers(owner).await?, next_cursor })
}

/// One server.
pub(crate) async fn get(app: &App, by: &Member, server_id: &str) -> Result<View, Error> {
    shown(app, by, &visible(by, server_id).await?).await
}

/// Changes a server; takes effect for its next MCP request.
pub(crate) async fn update(app: &App, by: &Member, server_id: &str, request: Update) -> Result<View, Error> {
    let mut server = manageable(by, server_id).await?;
    refuse_public(request.is_public)?;
    let mut changed = Vec::new();
    let mut replace = |member: &'static str, place: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *place = value;
            changed.push(member);
        }
    };
    replace("name", &mut server.name, request.name);
    replace("description", &mut server.description, request.description);
    replace("customInstructions", &mut server.custom_instructions, request.custom_instructions);
    if let Some(restrictions) = request.restrictions {
        server.restrictions = written(&restrictions.normalise()?)?;
        changed.push("restrictions");
    }
    if let Some(word) = request.tool_mode {
        server.tool_mode = tool_mode(&word)?;
        changed.push("toolMode");
    }
    if let Some(word) = request.identity {
        server.identity = identity_for(by, Some(&word))?;
        changed.push("identity");
    }
    if let Some(limit) = request.rate_limit {
        server.requests_per_minute = i64::from(limit.requests_per_minute);
        changed.push("rateLimit");
    }
    server.updated_at = app.clock.now();
    let mut tx = by.account().begin().await?;
    tx.update_server(&server).await?;
    change::commit(app, by, tx, "server.update", server_id, &json!({ "changed": changed })).await?;
    shown(app, by, &server).await
}

/// Deletes a server; its token URLs answer 401 from then on.
pub(crate) async fn delete(app: &App, by: &Member, server_id: &str) -> Result<(), Error> {
    let server = manageable(by, server_id).await?;
    let mut tx = by.account().begin().await?;
    tx.delete_server(server_id).await?;
    change::commit(app, by, tx, "server.delete", server_id, &json!({ "name": server.name })).await
}

/// The server, if the caller may see it.
pub(crate) async fn visible(by: &Member, server_id: &str) -> Result<store::Server, Error> {
    let found = by.account().find_server(server_id).await?;
    let seen = found.filter(|server| by.is_admin() || server.owner_user_id == **by.user_id());
    seen.ok_or_else(|| Error::not_found(Noun::Server))
}

/// The server, if the caller may change it: what an admin made is changed by admins only.
pub(crate) async fn manageable(by: &Member, server_id: &str) -> Result<store::Server, Error> {
    let server = visible(by, server_id).await?;
    if is_admins(&server) && !by.is_admin() {
        return Err(Error::forbidden("This server was made by an admin and is changed by admins only"));
    }
    Ok(server)
}

/// Whether only admins manage a server: one that an admin made, or that an admin gave the mode `header`, whose URL
/// speaks for any user.
fn is_admins(server: &store::Server) -> bool {
    server.made_by_admin || server.identity == Identity::Header
}

/// The view with what only those see who may manage the server: its access URL.
async fn shown(app: &App, by: &Member, server: &store::Server) -> Result<View, Error> {
    let mut view = view(app, server)?;
    if let Some(token) = by.account().primary_access_token(&server.server_id).await? {
        view.token_expires_at = Some(token.expires_at);
        if by.is_admin() || !is_admins(server) {
            view.access_url = tokens::revealed_url(app, by, &token).await?;
        }
    }
    Ok(view)
}

fn view(app: &App, server: &store::Server) -> Result<View, Error> {
    let restrictions: Written = serde_json::from_str(&server.restrictions).map_err(Error::internal)?;
    let warnings = restrictions.warnings(
        |connector| app.catalogue.connector(connector).is_some(),
        |pattern| app.catalogue.known_action(pattern),
    );
    Ok(View {
        url: format!("{}/mcp/{}", app.base_url, server.server_id),
        access_url: None,
        access_token: None,
        server_id: server.server_id.clone(),
        name: server.name.clone(),
        description: server.description.clone(),
        custom_instructions: server.custom_instructions.clone(),
        owner_user_id: server.owner_user_id.clone(),
        has_restrictions: restrictions.is_active(),
        restrictions,
        tool_mode: server.tool_mode.as_str(),
        identity: server.identity.as_str(),
        rate_limit: RateLimit {
            requests_per_minute: u32::try_from(server.requests_per_minute).unwrap_or(u32::MAX),
        },
        token_expires_at: None,
        warnings,
        created_at: server.created_at,
        updated_at: server.updated_at,
    })
}

/// The bounds of the contract; over HTTP the schema has seen to them already, on the host nobody has.
fn check_name(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    if !(1..=100).contains(&length) || name.trim() != name || name.chars().any(char::is_control) {
        let problem = "has to have 1 to 100 characters, no control characters, no whitespace at an end";
        return Err(Error::invalid_field("name", problem));
    }
    Ok(())
}

/// A number within its bounds.
pub(super) fn within(field: &str, value: u32, bounds: std::ops::RangeInclusive<u32>) -> Result<(), Error> {
    if bounds.contains(&value) {
        return Ok(());
    }
    Err(Error::invalid_field(field, format!("expected {} to {}", bounds.start(), bounds.end())))
}

fn refuse_public(is_public: Option<bool>) -> Result<(), Error> {
    if is_public != Some(true) {
        return Ok(());
    }
    Err(Error::invalid(vec![Detail {
        field: "isPublic".into(),
        problem: "servers are never public; share the token URL (accessUrl) with those who may use it".into(),
    }]))
}

fn tool_mode(word: &str) -> Result<ToolMode, Error> {
    ToolMode::parse(word).ok_or_else(|| Error::invalid_field("toolMode", "expected dynamic, direct or both"))
}

/// The mode asked for, or the default of the caller's role. A member cannot choose `header`, since whoever holds
/// such a URL speaks for any user of the account.
fn identity_for(by: &Member, word: Option<&str>) -> Result<Identity, Error> {
    let Some(word) = word else { return Ok(if by.is_admin() { Identity::Header } else { Identity::Owner }) };
    let identity = Identity::parse(word)
        .ok_or_else(|| Error::invalid_field("identity", "expected header, jwt or owner"))?;
    if identity == Identity::Header && !by.is_admin() {
        return Err(Error::forbidden(
            "identity header speaks for any user; it needs an API key with the role admin",
        ));
    }
    Ok(identity)
}

fn written(restrictions: &Written) -> Result<String, Error> {
    serde_json::to_string(restrictions).map_err(Error::internal)
}

/// The name as lower-case ASCII letters, digits and single hyphens; `server` when nothing is left.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len().min(MAX_SLUG));
    for character in name.chars() {
        if slug.len() == MAX_SLUG {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "server".into() } else { slug.into() }
}

fn write_cursor(server: &store::Server) -> String {
    super::cursor::write(&format!("{} {}", server.created_at.timestamp_micros(), server.server_id))
}

fn read_cursor(cursor: &str) -> Result<(DateTime<Utc>, String), Error> {
    let wrong = || Error::invalid_field("cursor", "is not a nextCursor of this list");
    let text = super::cursor::read(cursor).ok_or_else(wrong)?;
    let (micros, server_id) = text.split_once(' ').ok_or_else(wrong)?;
    let created_at = micros.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or_else(wrong)?;
    Ok((created_at, server_id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_ids_begin_with_the_name_as_a_slug() {
        for (name, expected) in [
            ("Production Server", "production-server"),
            ("  --A  &  B--  ", "a-b"),
            ("日本", "server"),
            ("Über", "ber"),
            (&"x".repeat(100), &"x".repeat(48)),
            (&format!("{} y", "x".repeat(47)), &"x".repeat(47)),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
