//! Reading `auth`.

use http::HeaderName;
use regex::Regex;

use super::Problem;
use super::auth::{Apply, ApplyPlace, AuthMethod, ClientAuthentication, Field, Flow, OAuth, Refresh};
use super::members::{Members, text};
use super::node::Node;
use super::template;
use crate::credential::AuthType;

/// Headers that nobody but the HTTP client sets.
const TRANSPORT_HEADERS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-connection",
];
/// Headers that an argument never sets, besides those above.
const PROTECTED_HEADERS: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "content-type",
    "content-encoding",
    "accept",
    "accept-encoding",
    "forwarded",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
];

/// Whether a definition may set a header at all.
pub(crate) fn is_transport_header(name: &HeaderName) -> bool {
    TRANSPORT_HEADERS.contains(&name.as_str())
}

/// Whether an argument may never set a header.
pub(crate) fn is_reserved_header(name: &HeaderName) -> bool {
    let name_text = name.as_str();
    is_transport_header(name)
        || PROTECTED_HEADERS.contains(&name_text)
        || ["proxy-", "sec-", "x-forwarded-", "x-rewrite-"].iter().any(|prefix| name_text.starts_with(prefix))
}

/// Reads one way to authenticate.
pub(crate) fn method(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<AuthMethod> {
    let mut members = Members::open(node, path, problems)?;
    let kinds = AuthType::ALL.map(|kind| (kind.as_str(), kind));
    members.must("type", problems);
    let kind = members.choice("type", &kinds, problems);
    let name = members.must_text("name", problems).unwrap_or_default().to_owned();
    let listed = members.list("fields", problems);
    let fields: Vec<Field> =
        listed.into_iter().filter_map(|(node, path)| field(node, &path, problems)).collect();
    let listed = members.list("apply", problems);
    let apply: Vec<Apply> =
        listed.into_iter().filter_map(|(node, path)| apply_one(node, &path, problems)).collect();
    let test = members.text("test", problems).map(str::to_owned);
    let oauth = if kind == Some(AuthType::Oauth2) { oauth(&mut members, problems) } else { None };
    check_fields(&members, kind, &fields, &apply, problems);
    members.close(problems);
    Some(AuthMethod { kind: kind?, name, fields, apply, test, oauth })
}

fn check_fields(
    members: &Members<'_>,
    kind: Option<AuthType>,
    fields: &[Field],
    apply: &[Apply],
    problems: &mut Vec<Problem>,
) {
    for (index, field) in fields.iter().enumerate() {
        if fields.iter().take(index).any(|other| other.name == field.name) {
            members.complain("fields", format!("the field {:?} is there twice", field.name), problems);
        }
    }
    if kind.is_some_and(|kind| kind != AuthType::Oauth2) && fields.is_empty() {
        members.complain("fields", "needs at least one field", problems);
    }
    for place in apply.iter().flat_map(|apply| template::places(&apply.pieces)) {
        let granted = kind == Some(AuthType::Oauth2) && place == "access_token";
        if !granted && !fields.iter().any(|field| field.name == place) {
            members.complain("apply", format!("{{{place}}} is not one of its fields"), problems);
        }
    }
}

fn field(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<Field> {
    let mut members = Members::open(node, path, problems)?;
    let name = members.must_text("name", problems);
    if let Some(name) = name.filter(|name| !template::is_name(name)) {
        members.complain("name", format!("{name:?} is not a field name"), problems);
    }
    let title = members.must_text("title", problems).unwrap_or_default().to_owned();
    let description = members.text("description", problems).unwrap_or_default().to_owned();
    let secret = members.flag("secret", true, problems);
    let required = members.flag("required", true, problems);
    let regex = anchored(&mut members, problems);
    let pattern = members.text("pattern", problems).map(str::to_owned);
    let placeholder = members.text("placeholder", problems).map(str::to_owned);
    members.close(problems);
    Some(Field { name: name?.to_owned(), title, description, secret, required, pattern, regex, placeholder })
}

/// The member `pattern`, compiled so that it must match the whole value.
pub(crate) fn anchored(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Option<Regex> {
    let node = members.take("pattern")?;
    let path = members.at("pattern");
    let source = text(node, &path, problems)?;
    let compiled = Regex::new(source).and_then(|_| Regex::new(&format!("\\A(?:{source})\\z")));
    match compiled {
        Ok(regex) => Some(regex),
        Err(error) => {
            let last = error.to_string().lines().last().unwrap_or_default().to_owned();
            problems.push(node.spot.problem(&path, format!("not a regular expression: {last}")));
            None
        }
    }
}

fn apply_one(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<Apply> {
    let mut members = Members::open(node, path, problems)?;
    let places = [("header", ApplyPlace::Header), ("query", ApplyPlace::Query), ("basic", ApplyPlace::Basic)];
    members.must("in", problems);
    let place = members.choice("in", &places, problems);
    let value_node = members.must("value", problems);
    let value = members.text("value", problems).unwrap_or_default().to_owned();
    let pieces = match value_node {
        Some(node) => template::compile(&value, node, &members.at("value"), problems),
        None => Vec::new(),
    };
    let (name, header) = match place {
        Some(ApplyPlace::Basic) => ("authorization".to_owned(), Some(http::header::AUTHORIZATION)),
        Some(ApplyPlace::Query) | None => {
            (members.must_text("name", problems).unwrap_or_default().to_owned(), None)
        }
        Some(ApplyPlace::Header) => {
            let name = members.must_text("name", problems).unwrap_or_default().to_owned();
            let header = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).ok();
            if header.as_ref().is_none_or(is_transport_header) {
                members.complain("name", format!("{name:?} is not a header that may be set"), problems);
            }
            (name, header)
        }
    };
    members.close(problems);
    Some(Apply { place: place?, name, value, pieces, header })
}

fn oauth(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> Option<OAuth> {
    let flows =
        [("authorizationCode", Flow::AuthorizationCode), ("clientCredentials", Flow::ClientCredentials)];
    let flow = members.choice("flow", &flows, problems).unwrap_or(Flow::AuthorizationCode);
    let authorize_url = address(members, "authorizeUrl", problems);
    if flow == Flow::AuthorizationCode {
        members.must("authorizeUrl", problems);
    }
    members.must("tokenUrl", problems);
    let token_url = address(members, "tokenUrl", problems);
    let revoke_url = address(members, "revokeUrl", problems);
    let scopes = members.texts("scopes", problems);
    let scope_separator = members.text("scopeSeparator", problems).unwrap_or(" ").to_owned();
    let pkce = members.flag("pkce", false, problems);
    let authentications = [("body", ClientAuthentication::Body), ("basic", ClientAuthentication::Basic)];
    let client_authentication = members
        .choice("clientAuthentication", &authentications, problems)
        .unwrap_or(ClientAuthentication::Body);
    let token_path = members.text("tokenPath", problems).unwrap_or("/access_token").to_owned();
    if !token_path.starts_with('/') {
        members.complain("tokenPath", "expected a JSON pointer", problems);
    }
    let refreshes = [("none", Refresh::None), ("static", Refresh::Static), ("rotating", Refresh::Rotating)];
    let refresh = members.choice("refresh", &refreshes, problems).unwrap_or(Refresh::None);
    let listed = members.map("extraParameters", problems);
    let mut extra_parameters = Vec::new();
    for (key, node, path) in listed {
        if let Some(value) = text(node, &path, problems) {
            extra_parameters.push((key.text.clone(), value.to_owned()));
        }
    }
    Some(OAuth {
        flow,
        authorize_url,
        token_url: token_url?,
        revoke_url,
        scopes,
        scope_separator,
        pkce,
        client_authentication,
        token_path,
        refresh,
        extra_parameters,
    })
}

fn address(members: &mut Members<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Option<String> {
    let url = members.text(name, problems)?;
    if !is_address(url) {
        members.complain(name, "expected an https address", problems);
    }
    Some(url.to_owned())
}

/// `https`, or `http` on this machine, without blanks.
pub(crate) fn is_address(url: &str) -> bool {
    let safe = url.starts_with("https://")
        || ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|local| {
            url.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
    safe && url.len() <= 2048 && !url.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}
