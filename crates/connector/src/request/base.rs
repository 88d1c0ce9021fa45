//! A platform's address, and why a request cannot leave it.

use http::Uri;
use http::uri::{Authority, Scheme};

use super::RequestError;
use crate::credential::CredentialView;
use crate::definition::template::Piece;
use crate::definition::{Base, Connector};

/// A platform's address, checked: `http` or `https`, a host, an optional port and path, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Without a slash at the end.
    text: String,
    scheme: Scheme,
    authority: Authority,
    /// Empty, or with a slash at its start and none at its end.
    path: String,
}

impl BaseUrl {
    /// Checks an address, such as a configured one for a self-hosted edition.
    ///
    /// # Errors
    /// [`RequestError::BaseUrl`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let wrong = |reason| RequestError::BaseUrl { reason };
        if text.contains(['#', '?', '\\', '@']) || !text.is_ascii() {
            return Err(wrong("must be a scheme, a host, an optional port and path, nothing else"));
        }
        let uri: Uri =
            text.parse().map_err(|_unhelpful: http::uri::InvalidUri| wrong("is not an address"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(wrong("must start with https:// and a host"));
        };
        if *scheme != Scheme::HTTPS && *scheme != Scheme::HTTP {
            return Err(wrong("must be https or http"));
        }
        if authority.host().is_empty() {
            return Err(wrong("has no host"));
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        if path.split('/').skip(1).any(|segment| segment.is_empty() || is_dots(segment)) {
            return Err(wrong("must not have empty or dot segments in its path"));
        }
        Ok(Self {
            text: format!("{scheme}://{authority}{path}"),
            scheme: scheme.clone(),
            authority: authority.clone(),
            path,
        })
    }

    /// The address as text, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether an address has this scheme, host and port, and lies under this path.
    pub(crate) fn holds(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&self.scheme)
            && uri.authority() == Some(&self.authority)
            && self.below(uri.path()).is_some()
            && !uri.path().split('/').any(is_dots)
    }

    /// The rest of a path under this one.
    pub(crate) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.path.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path of the address: empty, or with a slash at its start and none at its end.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }
}

/// `.` and `..`, also percent-encoded.
pub(crate) fn is_dots(segment: &str) -> bool {
    if !segment.starts_with(['.', '%']) || segment.len() > 6 {
        return false;
    }
    matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "." | "..")
}

/// The address declared by a definition, its variables filled from the credential.
pub(crate) fn expand(
    base: &Base,
    connector: &Connector,
    credential: Option<&CredentialView<'_>>,
) -> Result<BaseUrl, RequestError> {
    let pieces = match base {
        Base::Fixed(url) => return Ok(url.clone()),
        Base::Template(pieces) => pieces,
    };
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Place(name) => text.push_str(variable(name, connector, credential, text.is_empty())?),
        }
    }
    let url = BaseUrl::parse(&text)?;
    let begins_free = matches!(pieces.first(), Some(Piece::Place(_)));
    if begins_free && !url.is_https() {
        return Err(RequestError::BaseUrl { reason: "must be https" });
    }
    Ok(url)
}

fn variable<'v>(
    name: &str,
    connector: &'v Connector,
    credential: Option<&CredentialView<'v>>,
    leads: bool,
) -> Result<&'v str, RequestError> {
    let wrong = |reason| RequestError::CredentialField { field: name.to_owned(), reason };
    let declared = connector.variables.iter().find(|variable| variable.name == name);
    let Some(declared) = declared else { return Err(wrong("is not a variable")) };
    let given = credential.and_then(|credential| credential.field(name)).filter(|value| !value.is_empty());
    let Some(value) = given.or(declared.default.as_deref()) else { return Err(wrong("is missing")) };
    let forbidden = |letter: char| {
        letter.is_control()
            || letter.is_whitespace()
            || "?#@%\\".contains(letter)
            || (letter == '/' && !leads)
    };
    if !declared.pattern.is_match(value) || value.contains(forbidden) || is_dots(value) {
        return Err(wrong("does not fit the address"));
    }
    Ok(value)
}
