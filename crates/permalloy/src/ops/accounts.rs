//! Accounts, and what an empty installation gets on its first start.

use std::sync::Arc;

use serde::Serialize;
use store::AccountRow;

use super::{keys, servers};
use crate::{
    access::{self, Admin, restrictions::Written},
    app::App,
    chance,
    error::Error,
};

/// The account that an empty installation gets.
pub(crate) const DEFAULT: &str = "default";
/// The user that things made on the host belong to.
pub(crate) const HOST_USER: &str = "admin";

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

/// On an empty installation: the account `default`, an admin key and a server `Quickstart`.
pub(crate) async fn first_start(app: &App) -> Result<Option<FirstStart>, Error> {
    if !app.db.list_accounts().await?.is_empty() {
        return Ok(None);
    }
    match create(app, DEFAULT).await {
        // Another process was quicker.
        Err(error) if error.kind() == crate::error::Kind::Conflict => return Ok(None),
        other => other?,
    };
    let by = host(app, DEFAULT, HOST_USER).await?;
    let key = keys::Create {
        name: "first key".into(),
        role: Some("admin".into()),
        user_id: None,
        expires_in_days: None,
    };
    let key = keys::create(app, &by, key).await?;
    let server = servers::Create {
        name: "Quickstart".into(),
        description: "Made on the first start".into(),
        custom_instructions: String::new(),
        token_expires_in_days: None,
        restrictions: Written::default(),
        tool_mode: None,
        identity: None,
        rate_limit: None,
        is_public: None,
    };
    let server = servers::create(app, &by, server).await?;
    Ok(Some(FirstStart { key: key.key.unwrap_or_default(), server }))
}
