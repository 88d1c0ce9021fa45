//! Accounts, and what an empty installation gets on its first start.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;
use store::AccountRow;

use super::{keys, servers};
use crate::{
    access::{self, Admin, restrictions::Written},
    app::App,
    chance,
    error::{Error, Kind},
};

/// The account that an empty installation gets.
pub(crate) const DEFAULT: &str = "default";
/// The user that things made on the host belong to.
pub(crate) const HOST_USER: &str = "admin";

/// The server that an empty installation gets.
const QUICKSTART: &str = "Quickstart";
/// Longer than a first start takes.
const FIRST_START: TimeDelta = TimeDelta::seconds(30);

/// What the first start made; the secrets are shown this once.
pub(crate) struct FirstStart {
    pub(crate) key: String,
    pub(crate) server: servers::View,
}

/// An account as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) created_at: chrono::DateTime<chrono::Utc>,
}

impl From<AccountRow> for View {
    fn from(row: AccountRow) -> Self {
        Self { account_id: row.account_id, name: row.name, created_at: row.created_at }
    }
}

/// Creates an account.
pub(crate) async fn create(app: &App, name: &str) -> Result<View, Error> {
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid_field(
            "name",
            "has to have 1 to 100 characters, none of them a control character",
        ));
    }
    let row = AccountRow {
        account_id: chance::opaque_id("acc"),
        name: name.to_owned(),
        created_at: app.clock.now(),
    };
    match app.db.create_account(&row).await {
        Err(store::Error::Conflict(store::Unique::AccountName)) => {
            return Err(Error::conflict(format!("Account {name} already exists")));
        }
        other => other?,
    }
    Ok(row.into())
}

/// All accounts.
pub(crate) async fn list(app: &App) -> Result<Vec<View>, Error> {
    Ok(app.db.list_accounts().await?.into_iter().map(View::from).collect())
}

/// The authority of a command on the host over the account of that name.
pub(crate) async fn host(app: &App, account: &str, user_id: &str) -> Result<Admin, Error> {
    let found = app.db.find_account_by_name(account).await?;
    let found = found.ok_or_else(|| {
        Error::invalid_field(
            "account",
            format!("there is no account {account}; permalloy account list shows them"),
        )
    })?;
    access::check_user_id(user_id).map_err(|problem| Error::invalid_field("user", problem))?;
    let admin = access::host(app, found.account_id.into(), Arc::from(user_id));
    admin.account().ensure_user(user_id, app.clock.now()).await?;
    Ok(admin)
}

/// On an empty installation: the account `default`, a server `Quickstart` and, last, an admin key. A first start
/// that did not come to its end is continued by the next one.
pub(crate) async fn first_start(app: &App) -> Result<Option<FirstStart>, Error> {
    let accounts = app.db.list_accounts().await?;
    match accounts.iter().find(|account| account.name == DEFAULT) {
        Some(account) if may_be_under_way(app, account) => return Ok(None),
        Some(_) => {}
        None if !accounts.is_empty() => return Ok(None),
        None => match create(app, DEFAULT).await {
            // Another process was quicker.
            Err(error) if error.kind() == Kind::Conflict => return Ok(None),
            other => drop(other?),
        },
    }
    let by = host(app, DEFAULT, HOST_USER).await?;
    if !keys::list(&by).await?.is_empty() {
        return Ok(None);
    }
    let server = quickstart(app, &by).await?;
    let key = keys::Create {
        name: "first key".into(),
        role: Some("admin".into()),
        user_id: None,
        expires_in_days: None,
    };
    let key = keys::create(app, &by, key).await?;
    Ok(Some(FirstStart { key: key.key.unwrap_or_default(), server }))
}

/// Whether another process may just be making this account's first key; a SQLite file has one process.
fn may_be_under_way(app: &App, account: &AccountRow) -> bool {
    match app.db {
        store::Db::Sqlite { .. } => false,
        store::Db::Postgres(_) => app.clock.now() - account.created_at < FIRST_START,
    }
}

async fn quickstart(app: &App, by: &Admin) -> Result<servers::View, Error> {
    let server = servers::Create {
        name: QUICKSTART.into(),
        description: "Made on the first start".into(),
        custom_instructions: String::new(),
        token_expires_in_days: None,
        restrictions: Written::default(),
        tool_mode: None,
        identity: None,
        rate_limit: None,
        is_public: None,
    };
    match servers::create(app, by, server).await {
        Err(error) if error.kind() == Kind::Conflict => {
            let page = servers::list(app, by, false, 1000, None).await?;
            let made = page.servers.into_iter().find(|server| server.name == QUICKSTART);
            made.ok_or(error)
        }
        made => made,
    }
}
