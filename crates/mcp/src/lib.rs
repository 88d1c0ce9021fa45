//! JSON-RPC and MCP messages of both protocol eras: bytes in, typed messages out, and back.
//!
//! The crate knows wire shapes, version rules and framing. It does no I/O, keeps no state, decides
//! nothing about who may do what, and knows no other crate of the product. Methods the product acts
//! on are typed; everything else stays a borrowed piece of JSON ([`Json`]), so that reading a request
//! copies nothing in the usual case.
//!
//! Reading: [`decode()`]. Answering: [`encode_result`] (or [`begin_result`] and [`END_RESULT`] around
//! bytes that are kept ready), [`Refusal::encode`] for errors, [`Notice::encode`] for notifications,
//! [`sse`] for event streams.
//!
//! Sources: JSON-RPC 2.0; MCP 2026-07-28 (`schema.ts`, "Streamable HTTP", "Versioning"); the
//! 2025-11-25, 2025-06-18, 2025-03-26 and 2024-11-05 revisions for the earlier era.

pub mod codes;
mod decode;
mod encode;
mod envelope;
mod headers;
mod json;
mod message;
mod method;
mod notice;
mod params;
mod refusal;
pub mod sse;
mod types;
mod version;

pub use crate::{
    decode::{MAX_BATCH, decode},
    encode::{
        Answer, Caching, END_RESULT, begin_result, encode_batch, encode_input_required, encode_result,
        write_json_string, write_tool_members,
    },
    headers::{HttpHeaders, MalformedHeader, decode_header_value, encode_header_value},
    json::{Json, MAX_DEPTH},
    message::{
        ClientCapabilities, Id, Incoming, LogLevel, Message, Meta, Notification, NotificationKind, Request,
        Response,
    },
    method::{
        CompleteCall, Initialize, InputAnswers, Method, PromptGet, Reference, SubscriptionFilter, ToolCall,
    },
    notice::{Notice, Progress},
    refusal::Refusal,
    types::{
        Content, DiscoverResult, Icon, Implementation, InitializeResult, ListChanged, Prompt, PromptArgument,
        PromptMessage, PromptResult, ReadResult, Resource, ResourceCapability, ResourceContents,
        ResourceTemplate, Role, ServerCapabilities, Tool, ToolAnnotations, completion_result, input_required,
        list_result,
    },
    version::{Era, Version},
};
