//! Errors as clients see them: code, message, data, HTTP status. Must never carry internal text.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::{
    codes,
    encode::write_json_string,
    message::{Id, Request},
    version::{Era, Version},
};

/// A JSON-RPC error and the HTTP status it travels with.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal<'a> {
    /// Of the HTTP answer, unless this is one element of a batch.
    pub http_status: u16,
    /// Whom it answers; `None` when the request's id could not be read, and then `id` is left out.
    pub id: Option<Id<'a>>,
    /// One of [`crate::codes`].
    pub code: i32,
    /// One readable sentence, without a secret and without internal text.
    pub message: Cow<'static, str>,
    /// The members the code asks for.
    pub data: Option<Box<Value>>,
}

impl<'a> Refusal<'a> {
    /// An error in answer to a request.
    pub fn new(request: &Request<'a>, code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Some(request.id), request.era, code, message)
    }

    /// An error in answer to nothing that could be read.
    pub fn anonymous(http_status: u16, code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { http_status, id: None, code, message: message.into(), data: None }
    }

    pub(crate) fn of(id: Option<Id<'a>>, era: Era, code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        let http_status = codes::http_status_for(code, era);
        Self { http_status, id, code, message: message.into(), data: None }
    }

    /// The same with this data.
    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        Self { data: Some(Box::new(data)), ..self }
    }

    /// The same with this HTTP status.
    #[must_use]
    pub fn with_status(self, http_status: u16) -> Self {
        Self { http_status, ..self }
    }

    /// No such method in this era, or one that this server does not offer.
    pub fn method_not_found(request: &Request<'a>) -> Self {
        let message = format!("Method not found: {}", shortened(request.method.name()));
        Self::new(request, codes::METHOD_NOT_FOUND, message)
    }

    /// The parameters are wrong: an unknown tool or prompt, a bad cursor, a missing argument.
    pub fn invalid_params(request: &Request<'a>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(request, codes::INVALID_PARAMS, message)
    }

    /// There is no such resource; the URI is in `data.uri` (2026-07-28, "Resources", Error Handling).
    pub fn resource_not_found(request: &Request<'a>, uri: &str) -> Self {
        Self::new(request, codes::resource_not_found(request.era), "Resource not found")
            .with_data(json!({ "uri": uri }))
    }

    /// The client did not declare a capability that the request needs; `required` has the shape of
    /// `ClientCapabilities`, such as `{"elicitation":{"url":{}}}`.
    pub fn missing_capability(request: &Request<'a>, required: Value) -> Self {
        Self::new(request, codes::MISSING_CLIENT_CAPABILITY, "A required client capability was not declared")
            .with_data(Value::Object(Map::from_iter([("requiredCapabilities".to_owned(), required)])))
    }

    /// Something failed on our side; what, is for the log.
    pub fn internal(request: &Request<'a>) -> Self {
        Self::new(request, codes::INTERNAL_ERROR, "Internal error")
    }

    pub(crate) fn unsupported_version(id: Option<Id<'a>>, requested: &str) -> Self {
        let supported = Version::SUPPORTED.map(Version::as_str);
        Self::of(id, Era::Stateless, codes::UNSUPPORTED_PROTOCOL_VERSION, "Unsupported protocol version")
            .with_data(json!({ "supported": supported, "requested": requested }))
    }

    /// Appends the whole JSON-RPC message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
        if let Some(id) = self.id {
            out.extend_from_slice(b"\"id\":");
            out.extend_from_slice(id.as_json().as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"error\":{\"code\":");
        out.extend_from_slice(self.code.to_string().as_bytes());
        out.extend_from_slice(b",\"message\":");
        write_json_string(out, &self.message);
        if let Some(data) = &self.data {
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(data.to_string().as_bytes());
        }
        out.extend_from_slice(b"}}");
    }

    /// The whole JSON-RPC message.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.encode(&mut out);
        out
    }
}

/// At most 100 characters of something a client sent.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(100) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
