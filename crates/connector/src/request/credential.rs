//! Putting a credential on a request. The only code of this crate that reads a credential's values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};

use super::RequestError;
use super::encode::Pairs;
use crate::credential::CredentialView;
use crate::definition::template::Piece;
use crate::definition::{Apply, ApplyPlace, AuthMethod, Connector};

/// Adds headers and query pairs as the connector's method of the credential's type says.
pub(crate) fn apply(
    connector: &Connector,
    credential: Option<&CredentialView<'_>>,
    headers: &mut HeaderMap,
    url: &mut String,
    has_query: bool,
) -> Result<(), RequestError> {
    if connector.auth().is_empty() {
        return Ok(());
    }
    let credential = credential.ok_or(RequestError::Credential)?;
    let method = connector.auth_method(credential.kind).ok_or(RequestError::Credential)?;
    let mut has_query = has_query;
    for apply in &method.apply {
        let Some(value) = fill(method, apply, credential)? else { continue };
        match apply.place {
            ApplyPlace::Header => put(headers, apply, &value)?,
            ApplyPlace::Basic => put(headers, apply, &format!("Basic {}", STANDARD.encode(value)))?,
            ApplyPlace::Query => {
                if !has_query {
                    url.push('?');
                }
                let pairs = Pairs::query(url);
                let mut pairs = if has_query { pairs.continued() } else { pairs };
                pairs.pair(&apply.name, &value);
                has_query = true;
            }
        }
    }
    Ok(())
}

/// The filled template; nothing when a field that may be left out was.
fn fill(
    method: &AuthMethod,
    apply: &Apply,
    credential: &CredentialView<'_>,
) -> Result<Option<String>, RequestError> {
    let mut text = String::with_capacity(64);
    for piece in &apply.pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Place(name) => match credential.field(name).filter(|value| !value.is_empty()) {
                Some(value) => text.push_str(value),
                None if method.fields.iter().any(|field| field.name == *name && !field.required) => {
                    // A basic pair may well have an empty password.
                    if apply.place != ApplyPlace::Basic {
                        return Ok(None);
                    }
                }
                None => {
                    return Err(RequestError::CredentialField { field: name.clone(), reason: "is missing" });
                }
            },
        }
    }
    Ok(Some(text))
}

fn put(headers: &mut HeaderMap, apply: &Apply, value: &str) -> Result<(), RequestError> {
    let Some(name) = &apply.header else { return Ok(()) };
    let field = || {
        apply.pieces.iter().find_map(|piece| match piece {
            Piece::Place(name) => Some(name.clone()),
            Piece::Literal(_) => None,
        })
    };
    let mut value =
        HeaderValue::from_str(value).map_err(|_hides_the_value: http::header::InvalidHeaderValue| {
            RequestError::CredentialField {
                field: field().unwrap_or_default(),
                reason: "has characters that no header can carry",
            }
        })?;
    value.set_sensitive(true);
    headers.insert(name.clone(), value);
    Ok(())
}
