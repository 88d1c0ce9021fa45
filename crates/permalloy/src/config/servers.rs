//! Section `servers`: what holds for every MCP server.

use super::reader::{Reader, boolean};
use super::settings::Setting;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Servers {
    /// Keep a sealed copy of access tokens, so that those who may manage a server see its URL again.
    pub(crate) reveal_access_url: bool,
}

pub(super) const SETTINGS: &[Setting] = &[Setting::new(
    "servers.reveal_access_url",
    "PERMALLOY_SERVERS_REVEAL_ACCESS_URL",
    "true or false",
    "true",
    "Show a server's access URL again to those who may manage it. With false only a hash of the token is kept, and the URL appears on creation only.",
)];

pub(super) fn read(reader: &mut Reader<'_>) -> Servers {
    Servers { reveal_access_url: reader.value("servers.reveal_access_url", boolean) }
}
