//! Running an action, as the contract's page on MCP tells it: look up, ask the restrictions, check the arguments,
//! choose the credential, record, send, read, shape, record. Whoever calls, this is the one way.

mod arguments;
mod credential;
mod failed;
mod flight;
mod idempotency;
mod interrupted;
mod kept;
mod record;
mod redact;
mod view;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use serde_json::value::RawValue;
use store::Account;

pub(crate) use arguments::merged;
pub(crate) use failed::Failed;
pub(crate) use interrupted::{close_abandoned, recover};
pub(crate) use view::{Filter, get, list, own_record};

use self::flight::{Call, Flight};
use super::catalogue::Sight;
use crate::{
    access::{Client, Member, Server, Via},
    app::App,
};

/// How long an action may take when the caller does not say.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The shortest time a caller may give an action.
pub(crate) const MIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest time a caller may give an action.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_mins(5);

/// Through which door an execution came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    Mcp,
    Api,
    Cli,
}

impl Surface {
    /// The word of the execution's record.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Api => "api",
            Self::Cli => "cli",
        }
    }
}

/// For whom an action is run, and through what.
#[derive(Clone)]
pub(crate) struct Acting {
    pub(super) account: Account,
    pub(super) account_id: Arc<str>,
    pub(super) user_id: Arc<str>,
    /// The server whose restrictions hold; none for the management API.
    server: Option<Arc<Server>>,
    via: Via,
    surface: Surface,
    request_id: Arc<str>,
    /// `x-credential-id`
    credential_id: Option<Arc<str>>,
    /// Whether the named credential is to be tried whatever its status is.
    testing: bool,
}

impl Acting {
    /// A client of a server: over MCP, or through the server's tools in the management API.
    pub(crate) fn of_client(client: &Client, surface: Surface, request_id: &str) -> Self {
        Self {
            account: client.server.account.clone(),
            account_id: Arc::clone(&client.server.account_id),
            user_id: Arc::clone(&client.user_id),
            server: Some(Arc::clone(&client.server)),
            via: client.via.clone(),
            surface,
            request_id: request_id.into(),
            credential_id: client.headers.credential_id.as_deref().map(Arc::from),
            testing: false,
        }
    }

    /// A caller of the management API, as its effective user.
    pub(crate) fn of_member(by: &Member) -> Self {
        Self {
            account: by.account().clone(),
            account_id: Arc::clone(by.account_id()),
            user_id: Arc::clone(by.user_id()),
            server: None,
            via: by.key_id().map_or(Via::Host, |key_id| Via::Key(Arc::clone(key_id))),
            surface: if by.key_id().is_some() { Surface::Api } else { Surface::Cli },
            request_id: Arc::clone(by.request_id()),
            credential_id: None,
            testing: false,
        }
    }

    /// The same caller, trying a credential of this user, which the caller has been found to be allowed.
    pub(super) fn testing(self, user_id: Arc<str>) -> Self {
        Self { user_id, testing: true, ..self }
    }

    pub(super) fn sight(&self) -> Sight<'_> {
        self.server.as_ref().map_or(Sight::All, |server| Sight::Through(&server.restrictions))
    }

    fn server_id(&self) -> Option<&Arc<str>> {
        self.server.as_ref().map(|server| &server.server_id)
    }
}

/// What is to be run.
#[derive(Clone, Copy)]
pub(crate) struct ExecuteRequest<'a> {
    pub(crate) connector_id: &'a str,
    pub(crate) action_id: &'a str,
    /// The action's arguments, a JSON object; absent means none.
    pub(crate) parameters: Option<&'a RawValue>,
    /// The credential, if the call names one.
    pub(crate) credential_id: Option<&'a str>,
    /// From [`MIN_TIMEOUT`] to [`MAX_TIMEOUT`]; checked here.
    pub(crate) timeout: Duration,
    pub(crate) idempotency_key: Option<&'a str>,
    /// `nextCursor` of an earlier answer.
    pub(crate) cursor: Option<&'a str>,
}

impl<'a> ExecuteRequest<'a> {
    /// A run with the defaults.
    pub(crate) fn new(connector_id: &'a str, action_id: &'a str, parameters: Option<&'a RawValue>) -> Self {
        Self {
            connector_id,
            action_id,
            parameters,
            credential_id: None,
            timeout: DEFAULT_TIMEOUT,
            idempotency_key: None,
            cursor: None,
        }
    }
}

/// A run that worked.
#[derive(Debug)]
pub(crate) struct Executed {
    /// The platform's HTTP status.
    pub(crate) upstream_status: u16,
    /// `{"success":true,"executionId":"…","result":…,"metadata":{…}?}`, ready to be sent.
    pub(crate) json: String,
}

impl Executed {
    /// The same with the member `status`, as the management API answers.
    pub(crate) fn json_with_status(self) -> String {
        let mut json = self.json;
        json.insert_str(1, &format!("\"status\":{},", self.upstream_status));
        json
    }
}

/// Runs an action. Once its opening record is written, it is carried to its end even if nobody waits any more.
pub(crate) async fn run(
    app: &Arc<App>,
    by: &Acting,
    request: ExecuteRequest<'_>,
) -> Result<Executed, Failed> {
    let opened = Arc::new(AtomicBool::new(false));
    let call = Call::new(app, by, request, Arc::clone(&opened))?;
    let ended = Flight::new(app.tasks.clone(), opened, call.run()).await;
    ended.inspect_err(|failed| failed.log(&by.request_id))
}

#[cfg(test)]
mod tests;
