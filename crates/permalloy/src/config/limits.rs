//! Section `limits`: how much one caller may ask for.

use super::reader::{Reader, number};
use super::settings::Setting;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Per MCP server and end user, where the server has no limit of its own.
    pub(crate) requests_per_minute: u32,
    /// Per client address.
    pub(crate) failed_authentications_per_minute: u32,
    /// Largest body of a management request.
    pub(crate) body_bytes: usize,
    /// Largest body of an MCP request.
    pub(crate) mcp_body_bytes: usize,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "limits.requests_per_minute",
        "PERMALLOY_LIMITS_REQUESTS_PER_MINUTE",
        "a number from 1 to 100000",
        "100",
        "MCP requests a minute per server and end user, for servers without a limit of their own.",
    ),
    Setting::new(
        "limits.failed_authentications_per_minute",
        "PERMALLOY_LIMITS_FAILED_AUTHENTICATIONS_PER_MINUTE",
        "a number from 1 to 100000",
        "30",
        "Failed authentications a minute per client address.",
    ),
    Setting::new(
        "limits.body_bytes",
        "PERMALLOY_LIMITS_BODY_BYTES",
        "a number from 1024 to 104857600",
        "10485760",
        "Largest body of a management request, in bytes.",
    ),
    Setting::new(
        "limits.mcp_body_bytes",
        "PERMALLOY_LIMITS_MCP_BODY_BYTES",
        "a number from 1024 to 104857600",
        "10485760",
        "Largest body of an MCP request, in bytes.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Limits {
    let body = || number(1024..=104_857_600);
    Limits {
        requests_per_minute: reader.value("limits.requests_per_minute", number(1..=100_000)),
        failed_authentications_per_minute: reader
            .value("limits.failed_authentications_per_minute", number(1..=100_000)),
        body_bytes: reader.value("limits.body_bytes", body()),
        mcp_body_bytes: reader.value("limits.mcp_body_bytes", body()),
    }
}
