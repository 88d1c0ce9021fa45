//! Which redirects are followed: within one scheme, host and port, and never one that turns a call into another.

use hyper::http::header::LOCATION;
use hyper::http::{HeaderMap, Method, StatusCode, Uri};
use url::Url;

use super::Call;
use super::failure::Kind;

/// Where to go; `None` when the answer is no redirect (such as 304) and to be read as it is.
pub(super) fn target(call: &Call, status: StatusCode, headers: &HeaderMap) -> Result<Option<Uri>, Kind> {
    let keeps_method = match status {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
        _no_redirect => return Ok(None),
    };
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    if !keeps_method && call.method != Method::GET && call.method != Method::HEAD {
        return Err(Kind::Redirect);
    }
    let next = location.to_str().ok().and_then(|location| within_origin(&call.url, location));
    next.map(Some).ok_or(Kind::Redirect)
}

fn within_origin(from: &Uri, location: &str) -> Option<Uri> {
    let from = Url::parse(&from.to_string()).ok()?;
    let mut to = from.join(location).ok()?;
    let same = to.scheme() == from.scheme()
        && to.host_str() == from.host_str()
        && to.port_or_known_default() == from.port_or_known_default()
        && to.username().is_empty()
        && to.password().is_none();
    to.set_fragment(None);
    if same { to.as_str().parse().ok() } else { None }
}
