//! The platform's next page, put back into a request.

use http::Uri;

use super::RequestError;
use super::base::BaseUrl;
use crate::definition::rules::PagingKind;
use crate::definition::{Action, Base};
use crate::paging::PageToken;
use crate::scan;

/// What a page token asks for.
pub(crate) enum Page<'a> {
    /// No token.
    First,
    /// A parameter takes this value (JSON text).
    Parameter(usize, &'a str),
    /// The platform named the whole address.
    Address(String),
}

/// Reads a token as the action's paging means it.
pub(crate) fn read<'a>(action: &Action, token: Option<&'a PageToken>) -> Result<Page<'a>, RequestError> {
    let Some(token) = token else { return Ok(Page::First) };
    let broken = |reason| RequestError::Page { reason };
    let Some(paging) = &action.paging else { return Err(broken("does not belong to this action")) };
    let json = token.as_str();
    let valid = serde_json::from_str::<&serde_json::value::RawValue>(json).is_ok();
    let text = scan::scalar_text(json).filter(|_| valid).ok_or_else(|| broken("cannot be read"))?;
    match paging.kind {
        PagingKind::Cursor { parameter, .. }
        | PagingKind::LastId { parameter, .. }
        | PagingKind::Offset { parameter }
        | PagingKind::Page { parameter, .. } => Ok(Page::Parameter(parameter, json)),
        PagingKind::Link | PagingKind::Url { .. } => Ok(Page::Address(text.into_owned())),
    }
}

/// The address of the next page on `base`, and whether it has a query.
///
/// A platform names its own address also when it is reached through another one, so both are admitted;
/// the request goes to `base` either way.
pub(crate) fn address(
    base: &BaseUrl,
    declared: &Base,
    address: &str,
) -> Result<(String, bool), RequestError> {
    let broken = |reason| RequestError::Page { reason };
    let uri: Uri =
        address.parse().map_err(|_unhelpful: http::uri::InvalidUri| broken("is not an address"))?;
    let own = match declared {
        Base::Fixed(url) => Some(url),
        Base::Template(_) => None,
    };
    let below = if uri.authority().is_none() || base.holds(&uri) {
        base.below(uri.path())
    } else {
        own.filter(|own| own.holds(&uri)).and_then(|own| own.below(uri.path()))
    };
    let Some(below) = below else { return Err(broken("leads outside the platform")) };
    let mut url = format!("{}{below}", base.as_str());
    let query = uri.query().filter(|query| !query.is_empty());
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    Ok((url, query.is_some()))
}
