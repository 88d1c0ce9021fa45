//! What a client of a server sees: who the server is, its tools, resources and prompts. The MCP endpoint and the
//! management API both show exactly this.

pub(crate) mod about;
pub(crate) mod digest;
pub(crate) mod direct;
mod page;
pub(crate) mod prompts;
pub(crate) mod resources;
pub(crate) mod tools;

use bytes::Bytes;

/// What a tool answered: the structured result as JSON, and whether it is a failure.
pub(crate) struct Called {
    structured: Structured,
    pub(crate) is_error: bool,
}

enum Structured {
    Made(String),
    /// The members of the tool's result, kept ready.
    Members(Bytes),
}

impl Called {
    pub(crate) fn success(structured: String) -> Self {
        Self { structured: Structured::Made(structured), is_error: false }
    }

    /// A success whose members (`content`, `structuredContent`, `isError`) are ready.
    pub(crate) fn ready(members: Bytes) -> Self {
        Self { structured: Structured::Members(members), is_error: false }
    }

    pub(crate) fn failure(structured: String) -> Self {
        Self { structured: Structured::Made(structured), is_error: true }
    }

    /// Appends the members of the tool's result, without the braces around them.
    pub(crate) fn write_members(&self, out: &mut Vec<u8>) {
        match &self.structured {
            Structured::Made(text) => mcp::write_tool_members(out, text, self.is_error),
            Structured::Members(members) => out.extend_from_slice(members),
        }
    }
}
