//! How a platform answers: failures inside a 2xx, error bodies, rate limits, lists and their pages.

use http::HeaderName;
use serde_json::Value;

use super::Problem;
use super::members::{Members, text};
use super::node::{Data, Node};
use crate::scan::Pointer;

/// What an answer may say besides its status. An action's own rules replace the connector's member by member.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerRules {
    pub(crate) failure: Option<FailureRule>,
    pub(crate) error_message: Vec<Pointer>,
    pub(crate) error_code: Vec<Pointer>,
    pub(crate) unauthorized_codes: Vec<String>,
    pub(crate) rate_limited_codes: Vec<String>,
    pub(crate) rate_limit: Option<RateLimit>,
}

/// How a 2xx says failure.
#[derive(Debug, Clone)]
pub(crate) struct FailureRule {
    pub(crate) when: Condition,
    pub(crate) code: Option<Pointer>,
    pub(crate) message: Option<Pointer>,
}

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// The value is there and equal.
    Equals(Pointer, Value),
    /// The value is there and not null, false or an empty list.
    Present(Pointer),
}

/// A rate limit that is not a 429.
#[derive(Debug, Clone)]
pub(crate) struct RateLimit {
    pub(crate) status: u16,
    pub(crate) header: Option<(HeaderName, String)>,
    /// A header with seconds to wait, or with a time as seconds since 1970 (told apart by size).
    pub(crate) reset: Option<HeaderName>,
}

/// How a list goes on.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) kind: PagingKind,
    /// The parameter that sets the page size.
    pub(crate) limit: Option<usize>,
    /// A pointer to a boolean: whether there is more.
    pub(crate) more: Option<Pointer>,
}

impl Paging {
    /// The parameter that turns the pages.
    pub(crate) const fn parameter(&self) -> Option<usize> {
        match self.kind {
            PagingKind::Cursor { parameter, .. }
            | PagingKind::LastId { parameter, .. }
            | PagingKind::Offset { parameter }
            | PagingKind::Page { parameter, .. } => Some(parameter),
            PagingKind::Link | PagingKind::Url { .. } => None,
        }
    }
}

/// Parameters are indexes into the action's parameters.
#[derive(Debug)]
pub(crate) enum PagingKind {
    /// The answer names the next cursor.
    Cursor { parameter: usize, next: Pointer },
    /// The next page starts after the last item's id.
    LastId { parameter: usize, id: Pointer },
    /// The `Link` header, relation `next` (RFC 8288).
    Link,
    /// Items to skip.
    Offset { parameter: usize },
    /// Page numbers from `first`.
    Page { parameter: usize, first: u64 },
    /// The answer names the next address.
    Url { next: Pointer },
}

/// Reads `answer`, on top of what the connector says.
pub(crate) fn answer_rules(
    node: &Node,
    path: &str,
    base: &AnswerRules,
    problems: &mut Vec<Problem>,
) -> AnswerRules {
    let Some(mut members) = Members::open(node, path, problems) else { return base.clone() };
    let mut rules = base.clone();
    if let Some(failure) = members.take("failure") {
        rules.failure = failure_rule(failure, &members.at("failure"), problems);
    }
    if members.take("errorMessage").is_some() {
        rules.error_message = pointers(&mut members, "errorMessage", problems);
    }
    if members.take("errorCode").is_some() {
        rules.error_code = pointers(&mut members, "errorCode", problems);
    }
    if members.take("unauthorizedCodes").is_some() {
        rules.unauthorized_codes = members.texts("unauthorizedCodes", problems);
    }
    if members.take("rateLimitedCodes").is_some() {
        rules.rate_limited_codes = members.texts("rateLimitedCodes", problems);
    }
    if let Some(limit) = members.take("rateLimit") {
        rules.rate_limit = rate_limit(limit, &members.at("rateLimit"), problems);
    }
    members.close(problems);
    rules
}

fn failure_rule(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<FailureRule> {
    let mut members = Members::open(node, path, problems)?;
    let when = members.must("when", problems).and_then(|when| condition(when, &members.at("when"), problems));
    let code = pointer(&mut members, "code", problems);
    let message = pointer(&mut members, "message", problems);
    members.close(problems);
    Some(FailureRule { when: when?, code, message })
}

fn condition(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<Condition> {
    let mut members = Members::open(node, path, problems)?;
    members.must("pointer", problems);
    let pointer = pointer(&mut members, "pointer", problems);
    let equals = members.take("equals").map(Node::to_json);
    let present = members.flag("present", false, problems);
    if equals.is_some() == present {
        members.complain("pointer", "needs exactly one of equals and present: true", problems);
    }
    members.close(problems);
    let pointer = pointer?;
    Some(match equals {
        Some(value) => Condition::Equals(pointer, value),
        None => Condition::Present(pointer),
    })
}

fn rate_limit(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<RateLimit> {
    let mut members = Members::open(node, path, problems)?;
    let status = members.must("status", problems).and_then(|status| match &status.data {
        Data::Number(number) => number.as_u64().and_then(|status| u16::try_from(status).ok()),
        Data::Null | Data::Bool(_) | Data::Text(_) | Data::List(_) | Data::Map(_) => None,
    });
    if status.is_none_or(|status| !(200..600).contains(&status)) {
        members.complain("status", "expected an HTTP status", problems);
    }
    let header = header_name(&mut members, "header", problems);
    let equals = members.text("equals", problems);
    let reset = header_name(&mut members, "resetHeader", problems);
    if header.is_some() != equals.is_some() {
        members.complain("header", "header and equals go together", problems);
    }
    members.close(problems);
    Some(RateLimit { status: status?, header: header.zip(equals.map(str::to_owned)), reset })
}

fn header_name(
    members: &mut Members<'_>,
    name: &'static str,
    problems: &mut Vec<Problem>,
) -> Option<HeaderName> {
    let word = members.text(name, problems)?;
    let parsed = HeaderName::from_bytes(word.to_ascii_lowercase().as_bytes()).ok();
    if parsed.is_none() {
        members.complain(name, format!("{word:?} is not a header name"), problems);
    }
    parsed
}

/// A JSON pointer, if there is one.
pub(crate) fn pointer(
    members: &mut Members<'_>,
    name: &'static str,
    problems: &mut Vec<Problem>,
) -> Option<Pointer> {
    let node = members.take(name)?;
    pointer_node(node, &members.at(name), problems)
}

/// One pointer or a list of them.
fn pointers(members: &mut Members<'_>, name: &'static str, problems: &mut Vec<Problem>) -> Vec<Pointer> {
    let Some(node) = members.take(name) else { return Vec::new() };
    if let Data::Text(_) = node.data {
        return pointer_node(node, &members.at(name), problems).into_iter().collect();
    }
    let listed = members.list(name, problems);
    listed.into_iter().filter_map(|(item, path)| pointer_node(item, &path, problems)).collect()
}

fn pointer_node(node: &Node, path: &str, problems: &mut Vec<Problem>) -> Option<Pointer> {
    let written = text(node, path, problems)?;
    let parsed = Pointer::parse(written);
    if parsed.is_none() {
        problems.push(
            node.spot.problem(path, format!("{written:?} is not a JSON pointer such as /error/message")),
        );
    }
    parsed
}

/// Reads `paging`; `index` resolves a parameter's name.
pub(crate) fn paging(
    node: &Node,
    path: &str,
    index: &dyn Fn(&str) -> Option<usize>,
    problems: &mut Vec<Problem>,
) -> Option<Paging> {
    let mut members = Members::open(node, path, problems)?;
    members.must("type", problems);
    let kinds = [("cursor", 0), ("lastId", 1), ("link", 2), ("offset", 3), ("page", 4), ("url", 5)];
    let kind = members.choice("type", &kinds, problems);
    let limit = parameter(&mut members, "limit", index, problems);
    let more = pointer(&mut members, "more", problems);
    let kind = match kind {
        Some(0) => Some(PagingKind::Cursor {
            parameter: must_parameter(&mut members, index, problems)?,
            next: must_pointer(&mut members, "next", problems)?,
        }),
        Some(1) => Some(PagingKind::LastId {
            parameter: must_parameter(&mut members, index, problems)?,
            id: must_pointer(&mut members, "id", problems)?,
        }),
        Some(2) => Some(PagingKind::Link),
        Some(3) => Some(PagingKind::Offset { parameter: must_parameter(&mut members, index, problems)? }),
        Some(4) => Some(PagingKind::Page {
            parameter: must_parameter(&mut members, index, problems)?,
            first: first_page(&mut members, problems),
        }),
        Some(5) => Some(PagingKind::Url { next: must_pointer(&mut members, "next", problems)? }),
        Some(_) | None => None,
    };
    members.close(problems);
    Some(Paging { kind: kind?, limit, more })
}

fn first_page(members: &mut Members<'_>, problems: &mut Vec<Problem>) -> u64 {
    let Some(node) = members.take("first") else { return 1 };
    match &node.data {
        Data::Number(number) if number.as_u64().is_some_and(|first| first <= 1) => {
            number.as_u64().unwrap_or(1)
        }
        Data::Number(_) | Data::Null | Data::Bool(_) | Data::Text(_) | Data::List(_) | Data::Map(_) => {
            members.complain("first", "expected 0 or 1, the number of the first page", problems);
            1
        }
    }
}

fn must_pointer(
    members: &mut Members<'_>,
    name: &'static str,
    problems: &mut Vec<Problem>,
) -> Option<Pointer> {
    members.must(name, problems)?;
    pointer(members, name, problems)
}

fn must_parameter(
    members: &mut Members<'_>,
    index: &dyn Fn(&str) -> Option<usize>,
    problems: &mut Vec<Problem>,
) -> Option<usize> {
    members.must("parameter", problems)?;
    parameter(members, "parameter", index, problems)
}

fn parameter(
    members: &mut Members<'_>,
    name: &'static str,
    index: &dyn Fn(&str) -> Option<usize>,
    problems: &mut Vec<Problem>,
) -> Option<usize> {
    let word = members.text(name, problems)?;
    let found = index(word);
    if found.is_none() {
        members.complain(name, format!("{word:?} is not a parameter of this action"), problems);
    }
    found
}
