//! Where the list is in an answer, and where it goes on at the platform.

use http::HeaderMap;
use http::header::LINK;
use serde_json::Value;

use crate::definition::Action;
use crate::definition::rules::{Paging, PagingKind};
use crate::request::Sent;
use crate::scan;

/// The platform's next page. Made by [`crate::answer()`], used by [`crate::request()`].
///
/// It holds what the platform said, so a caller that hands it out must seal it or keep it on its own side;
/// `request` still refuses one that would leave the platform's host or base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken(String);

impl PageToken {
    /// For keeping: JSON text of a string or number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A token kept earlier.
    pub const fn from_kept(text: String) -> Self {
        Self(text)
    }

    fn of(text: &str) -> Self {
        Self(Value::from(text).to_string())
    }
}

/// The list of an answer: where the definition says, else the root, else (unless a projection says what the answer
/// is) the only array of objects at the top.
pub(crate) fn list<'j>(action: &Action, json: &'j str) -> Option<&'j str> {
    if let Some(pointer) = &action.items {
        return pointer.find(json).filter(|found| found.starts_with('['));
    }
    if json.starts_with('[') {
        return Some(json);
    }
    if !action.projection.is_empty() {
        // The projection describes one object; its labels or files are members of it, not items.
        return None;
    }
    let is_list = |value: &&str| {
        value.starts_with('[') && scan::elements(value).next().is_some_and(|item| item.starts_with('{'))
    };
    let mut lists = scan::members(json).map(|(_, value)| value).filter(is_list);
    let only = lists.next()?;
    lists.next().is_none().then_some(only)
}

/// The next page, if the answer says or implies that there is one.
pub(crate) fn next(
    paging: &Paging,
    sent: Sent,
    headers: &HeaderMap,
    json: &str,
    list: Option<&str>,
    total: Option<u64>,
) -> Option<PageToken> {
    let more = paging.more.as_ref().map(|pointer| pointer.find(json) == Some("true"));
    if more == Some(false) {
        return None;
    }
    let count = || list.map_or(0, |list| scan::elements(list).count() as u64);
    let full = |count: u64| count > 0 && sent.limit.is_none_or(|limit| count >= limit);
    match &paging.kind {
        PagingKind::Cursor { next, .. } => {
            let found = next.find(json)?;
            let text = scan::scalar_text(found).filter(|text| !text.is_empty() && text != "false")?;
            if found.starts_with('"') {
                Some(PageToken::of(&text))
            } else {
                Some(PageToken(found.to_owned()))
            }
        }
        PagingKind::LastId { id, .. } => {
            if more.is_none() && !full(count()) {
                return None;
            }
            let value = id.find(scan::elements(list?).last()?)?;
            scan::scalar_text(value).is_some().then(|| PageToken(value.to_owned()))
        }
        PagingKind::Link => link_next(headers).map(PageToken::of),
        PagingKind::Url { next } => {
            let text = next.find_text(json).filter(|text| !text.is_empty() && text != "false")?;
            Some(PageToken::of(&text))
        }
        PagingKind::Offset { .. } => {
            let count = count();
            let reached = sent.position.saturating_add(count);
            let goes_on = match total {
                Some(total) => reached < total && count > 0,
                None => more == Some(true) && count > 0 || full(count),
            };
            goes_on.then(|| PageToken(reached.to_string()))
        }
        PagingKind::Page { first, .. } => {
            let count = count();
            let pages = sent.position.saturating_sub(*first).saturating_add(1);
            let goes_on = match (total, sent.limit) {
                (Some(total), Some(limit)) => pages.saturating_mul(limit) < total && count > 0,
                (Some(_) | None, _) => more == Some(true) && count > 0 || full(count),
            };
            goes_on.then(|| PageToken(sent.position.saturating_add(1).to_string()))
        }
    }
}

/// The target of the first link with relation `next` (RFC 8288, section 3).
fn link_next(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(links).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target)
}

/// Targets and parameters of a `Link` header. A comma inside a quoted parameter or target does not part links.
fn links(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('<')?;
        let (target, tail) = after.split_once('>')?;
        let mut quoted = false;
        let end = tail.find(|letter| {
            quoted ^= letter == '"';
            letter == ',' && !quoted
        });
        let (parameters, following) = tail.split_at_checked(end.unwrap_or(tail.len()))?;
        rest = following;
        Some((target, parameters))
    })
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel")
            && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}
