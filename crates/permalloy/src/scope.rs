//! What is known of one request while it is answered: its id, where it came from, and what its log line will say.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use crate::{access::rate::Allowance, ops::executions::Surface};

/// One request. Handlers and extractors fill in what they learn; the log line is written from it at the end.
pub(crate) struct Scope {
    pub(crate) request_id: String,
    pub(crate) peer: IpAddr,
    is_mcp: bool,
    pub(crate) account_id: OnceLock<Arc<str>>,
    pub(crate) server_id: OnceLock<Arc<str>>,
    pub(crate) user_id: OnceLock<Arc<str>>,
    /// The MCP method, or for `tools/call` the tool.
    pub(crate) target: OnceLock<String>,
    pub(crate) allowance: OnceLock<Allowance>,
}

impl Scope {
    pub(crate) fn new(request_id: String, peer: IpAddr, is_mcp: bool) -> Self {
        Self {
            request_id,
            peer,
            is_mcp,
            account_id: OnceLock::new(),
            server_id: OnceLock::new(),
            user_id: OnceLock::new(),
            target: OnceLock::new(),
            allowance: OnceLock::new(),
        }
    }

    /// The door this request came through, for the execution's record.
    pub(crate) fn surface(&self) -> Surface {
        if self.is_mcp { Surface::Mcp } else { Surface::Api }
    }

    /// Notes a value once; a second note of the same request changes nothing.
    pub(crate) fn note<T>(place: &OnceLock<T>, value: T) {
        place.set(value).unwrap_or_else(drop);
    }
}
