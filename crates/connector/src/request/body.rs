//! Bodies: JSON written straight from the raw arguments, forms, multipart parts, raw bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::encode::{Pairs, flat};
use super::{RequestError, Values};
use crate::definition::{Action, Encoding, Parameter, Place};
use crate::scan;

/// A body, and its content type where the body decides it.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: Option<HeaderValue>,
}

/// Writes the body of a call.
pub(crate) fn body(action: &Action, values: &Values<'_>) -> Result<Body, RequestError> {
    let mut content_type = None;
    let bytes = match action.encoding {
        Encoding::None => Vec::new(),
        Encoding::Json => json(action, values).into_bytes(),
        Encoding::Form => form(action, values)?.into_bytes(),
        Encoding::Raw => raw(action, values)?,
        Encoding::Multipart => {
            let (bytes, boundary) = multipart(action, values)?;
            content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}")).ok();
            bytes
        }
    };
    Ok(Body { bytes, content_type })
}

fn json(action: &Action, values: &Values<'_>) -> String {
    if let Some(root) = action.body_root {
        return values.get(root).unwrap_or("null").to_owned();
    }
    let place = if action.graphql.is_some() { Place::Variable } else { Place::Body };
    let mut members: Vec<(&[String], &str)> = Vec::with_capacity(action.parameters().len());
    let mut length = 2;
    for (index, parameter) in action.parameters().iter().enumerate() {
        if parameter.place == place
            && let Some(value) = values.get(index)
        {
            length += parameter.wire.len() + value.len() + 8;
            members.push((&parameter.wire_path, value));
        }
    }
    let Some(document) = &action.graphql else {
        let mut out = String::with_capacity(length);
        write_object(&mut out, &members);
        return out;
    };
    let mut out = String::with_capacity(length + document.len() + 32);
    out.push_str("{\"query\":");
    out.push_str(document);
    out.push_str(",\"variables\":");
    write_object(&mut out, &members);
    out.push('}');
    out
}

/// Members with the same first name share an object; a path of one name holds the value.
fn write_object(out: &mut String, members: &[(&[String], &str)]) {
    out.push('{');
    let mut first = true;
    for (index, (path, value)) in members.iter().enumerate() {
        let Some((name, rest)) = path.split_first() else { continue };
        let starts_same = |(other, _): &&(&[String], &str)| other.first() == Some(name);
        let seen = members.iter().take(index).any(|member| starts_same(&member));
        if seen {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        push_quoted(out, name);
        out.push(':');
        if rest.is_empty() {
            out.push_str(value);
            continue;
        }
        let inner: Vec<(&[String], &str)> = members
            .iter()
            .filter(starts_same)
            .map(|(other, value)| (other.get(1..).unwrap_or_default(), *value))
            .collect();
        write_object(out, &inner);
    }
    out.push('}');
}

fn push_quoted(out: &mut String, name: &str) {
    let plain = name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        out.push('"');
        out.push_str(name);
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(name).expect("a string always has a JSON text"));
    }
}

fn body_parameters<'a>(
    action: &'a Action,
    values: &'a Values<'_>,
) -> impl Iterator<Item = (&'a Parameter, &'a str)> {
    let parameters = action.parameters().iter().enumerate();
    let bodies = parameters.filter(|(_, parameter)| parameter.place == Place::Body);
    bodies.filter_map(|(index, parameter)| values.get(index).map(|value| (parameter, value)))
}

/// The name of a form field: `a/b` is written `a[b]`.
fn field_name(parameter: &Parameter) -> String {
    let mut parts = parameter.wire_path.iter();
    let mut name = parts.next().cloned().unwrap_or_default();
    for part in parts {
        name.push('[');
        name.push_str(part);
        name.push(']');
    }
    name
}

fn form(action: &Action, values: &Values<'_>) -> Result<String, RequestError> {
    let mut out = String::new();
    let mut pairs = Pairs::form(&mut out);
    for (parameter, value) in body_parameters(action, values) {
        pairs
            .value(&field_name(parameter), value, parameter.style)
            .map_err(|reason| RequestError::argument(parameter, reason))?;
    }
    Ok(out)
}

fn raw(action: &Action, values: &Values<'_>) -> Result<Vec<u8>, RequestError> {
    let root = action.body_root.and_then(|index| action.parameters().get(index).zip(values.get(index)));
    let Some((parameter, value)) = root else { return Ok(Vec::new()) };
    content(parameter, value)
}

/// The bytes of a value: a string's content, decoded where it holds base64; anything else as JSON.
fn content(parameter: &Parameter, value: &str) -> Result<Vec<u8>, RequestError> {
    let Some(text) = scan::string(value) else { return Ok(value.as_bytes().to_vec()) };
    if !parameter.base64 {
        return Ok(text.into_owned().into_bytes());
    }
    STANDARD
        .decode(text.as_bytes())
        .map_err(|_place: base64::DecodeError| RequestError::argument(parameter, "must be base64"))
}

fn multipart(action: &Action, values: &Values<'_>) -> Result<(Vec<u8>, String), RequestError> {
    let mut parts = Vec::new();
    for (parameter, value) in body_parameters(action, values) {
        let bytes = match scan::string(value) {
            Some(_) => content(parameter, value)?,
            None => flat(value, parameter.style)
                .unwrap_or(std::borrow::Cow::Borrowed(value))
                .into_owned()
                .into_bytes(),
        };
        parts.push((parameter, bytes));
    }
    let boundary = boundary(&parts);
    let mut out = Vec::new();
    for (parameter, bytes) in &parts {
        let name = field_name(parameter).replace(['"', '\r', '\n'], "_");
        let kind = if parameter.base64 {
            format!("; filename=\"{name}\"\r\nContent-Type: application/octet-stream")
        } else {
            String::new()
        };
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{kind}\r\n\r\n");
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((out, boundary))
}

/// A boundary that no part contains (RFC 2046, section 5.1.1); the same parts give the same one.
fn boundary(parts: &[(&Parameter, Vec<u8>)]) -> String {
    let mut number = 0_u64;
    loop {
        let candidate = format!("permalloy-part-{number}");
        let inside =
            |bytes: &[u8]| bytes.windows(candidate.len()).any(|window| window == candidate.as_bytes());
        if !parts.iter().any(|(_, bytes)| inside(bytes)) {
            return candidate;
        }
        number += 1;
    }
}
