//! Ways to authenticate: the form a person fills in, the OAuth facts, and where the values go in a request.

use http::HeaderName;
use regex::Regex;

use super::template::Piece;
use crate::credential::AuthType;

/// One way to authenticate.
#[derive(Debug)]
pub struct AuthMethod {
    /// The contract's `authenticationType`.
    pub kind: AuthType,
    /// For people, such as `Bot token`.
    pub name: String,
    /// The form a person fills in; empty for a browser flow without extra fields.
    pub fields: Vec<Field>,
    /// How the values are put on a request.
    pub apply: Vec<Apply>,
    /// The id of a read-only action without required parameters that tests a credential.
    pub test: Option<String>,
    /// The facts of the OAuth flow; `Some` exactly when `kind` is [`AuthType::Oauth2`].
    pub oauth: Option<OAuth>,
}

/// One field of the form.
#[derive(Debug)]
pub struct Field {
    /// Name of the stored value.
    pub name: String,
    /// Label for people.
    pub title: String,
    /// Where to find the value.
    pub description: String,
    /// Never shown again once stored.
    pub secret: bool,
    /// Whether the form may leave it out.
    pub required: bool,
    /// Regular expression, matched against the whole value.
    pub pattern: Option<String>,
    pub(crate) regex: Option<Regex>,
    /// A sample for the empty input, not a working value.
    pub placeholder: Option<String>,
}

impl Field {
    /// Whether a value fits the field's pattern; control characters never do.
    pub fn admits(&self, value: &str) -> bool {
        let clean = !value.chars().any(char::is_control);
        let filled = !self.required || !value.is_empty();
        clean && filled && self.regex.as_ref().is_none_or(|regex| value.is_empty() || regex.is_match(value))
    }
}

/// Where one value goes.
#[derive(Debug)]
pub struct Apply {
    /// The place.
    pub place: ApplyPlace,
    /// Header or query name; `authorization` for basic.
    pub name: String,
    /// The template as written, such as `Bearer {token}`.
    pub value: String,
    pub(crate) pieces: Vec<Piece>,
    /// `Some` for headers and basic.
    pub(crate) header: Option<HeaderName>,
}

/// The places a credential can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyPlace {
    /// A header.
    Header,
    /// The query string.
    Query,
    /// `Authorization: Basic`, the value encoded as RFC 7617 says.
    Basic,
}

/// The facts of an OAuth 2 flow.
#[derive(Debug)]
pub struct OAuth {
    /// Which grant.
    pub flow: Flow,
    /// Where the browser is sent; `Some` for the authorization code flow.
    pub authorize_url: Option<String>,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: String,
    /// Where a grant is revoked, if the platform offers that.
    pub revoke_url: Option<String>,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
    /// Put between scopes; a space unless the platform differs.
    pub scope_separator: String,
    /// Whether the platform takes PKCE (RFC 7636, S256).
    pub pkce: bool,
    /// How the client authenticates at the token URL.
    pub client_authentication: ClientAuthentication,
    /// JSON pointer to the access token in the token answer.
    pub token_path: String,
    /// Whether grants are refreshed.
    pub refresh: Refresh,
    /// Added to the authorize URL.
    pub extra_parameters: Vec<(String, String)>,
}

/// OAuth 2 grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// RFC 6749, section 4.1.
    AuthorizationCode,
    /// RFC 6749, section 4.4.
    ClientCredentials,
}

/// RFC 6749, section 2.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_id` and `client_secret` in the form body.
    Body,
    /// HTTP basic.
    Basic,
}

/// What happens to refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// The platform issues none.
    None,
    /// The refresh token stays.
    Static,
    /// Each refresh issues a new refresh token and voids the old one.
    Rotating,
}
