//! Protocol versions and the two eras they fall into. Must not look at messages.

use std::fmt;

/// A published revision of the protocol, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP+SSE transport; read here over plain POST.
    V2024_11_05,
    /// Streamable HTTP; the only revision with batches.
    V2025_03_26,
    /// Structured results; the `MCP-Protocol-Version` header.
    V2025_06_18,
    /// The newest revision with an `initialize` handshake.
    V2025_11_25,
    /// The first stateless revision: everything a request needs is in its `_meta`.
    V2026_07_28,
}

impl Version {
    /// Every version served, newest first, as clients expect to choose from it.
    pub const SUPPORTED: [Self; 5] =
        [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// What a request without any statement of version means (2025-06-18, "Protocol Version Header").
    pub const ASSUMED: Self = Self::V2025_03_26;

    /// What `initialize` answers to a version that is not known or has no handshake.
    pub const NEWEST_LEGACY: Self = Self::V2025_11_25;

    /// The version with exactly this name; no white space, no prefixes.
    pub fn parse(name: &str) -> Option<Self> {
        Self::SUPPORTED.into_iter().find(|version| version.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether this version has the `initialize` handshake instead of per-request `_meta`.
    pub const fn is_legacy(self) -> bool {
        !matches!(self, Self::V2026_07_28)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which rules a message is read and answered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28: no handshake, headers checked against the body, results carry `resultType`.
    Stateless,
    /// 2025-11-25 and before: `initialize`, HTTP 200 for JSON-RPC errors.
    Legacy(Version),
}

impl Era {
    /// The version the answer is written in.
    pub const fn version(self) -> Version {
        match self {
            Self::Stateless => Version::V2026_07_28,
            Self::Legacy(version) => version,
        }
    }

    /// Whether this is the 2026 era.
    pub const fn is_stateless(self) -> bool {
        matches!(self, Self::Stateless)
    }
}
