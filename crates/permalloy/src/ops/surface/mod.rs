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
    /// Kept ready; always valid UTF-8, since it was made from text.
    Ready(Bytes),
}

impl Called {
    pub(crate) fn success(structured: String) -> Self {
        Self { structured: Structured::Made(structured), is_error: false }
    }

    pub(crate) fn ready(structured: Bytes) -> Self {
        Self { structured: Structured::Ready(structured), is_error: false }
    }

    pub(crate) fn failure(structured: String) -> Self {
        Self { structured: Structured::Made(structured), is_error: true }
    }

    /// The structured result, a JSON object.
    pub(crate) fn structured(&self) -> &str {
        match &self.structured {
            Structured::Made(text) => text,
            Structured::Ready(bytes) => std::str::from_utf8(bytes).unwrap_or("{}"),
        }
    }
}
