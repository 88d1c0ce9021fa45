//! What a platform's refusal means for the caller.

use std::borrow::Cow;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName};

use super::{Failure, FailureKind};
use crate::definition::Action;
use crate::definition::rules::{AnswerRules, FailureRule};
use crate::scan::{self, Pointer};

/// Characters of a platform's sentence that are passed on.
const MAX_MESSAGE: usize = 1_000;
/// Bytes of a platform's error body that are passed on.
const MAX_DETAILS: usize = 8 * 1024;
/// Seconds since 1970 from which a number is a time, no longer a span.
const FIRST_TIME: u64 = 1_000_000_000;
/// Seconds: the longest wait that is passed on.
const MAX_WAIT: u64 = 7 * 24 * 3600;
/// Where error bodies usually say why, tried when the definition names nothing.
const USUAL_MESSAGES: [&[&str]; 8] = [
    &["message"],
    &["error", "message"],
    &["error_description"],
    &["errors", "0", "message"],
    &["errors", "0"],
    &["detail"],
    &["error"],
    &["title"],
];
const USUAL_CODES: [&[&str]; 4] = [&["code"], &["error", "code"], &["error", "type"], &["error"]];

/// A failure told by the status.
pub(super) fn from_status(action: &Action, status: u16, headers: &HeaderMap, json: Option<&str>) -> Failure {
    let rules = &action.rules;
    let json = json.unwrap_or("null");
    let code = first(&rules.error_code, &USUAL_CODES, json).filter(|code| is_code(code));
    let message = first(&rules.error_message, &USUAL_MESSAGES, json);
    build(rules, status, headers, json, (code, message))
}

/// A failure told inside a success.
pub(super) fn from_rule(
    action: &Action,
    rule: &FailureRule,
    status: u16,
    headers: &HeaderMap,
    json: &str,
) -> Failure {
    let find = |pointer: &Option<Pointer>| pointer.as_ref().and_then(|pointer| pointer.find_text(json));
    let found = (find(&rule.code), find(&rule.message));
    build(&action.rules, status, headers, json, found)
}

/// A word or number; `Not Found` and `true` are none.
fn is_code(text: &str) -> bool {
    !text.is_empty() && !matches!(text, "true" | "false") && !text.contains(char::is_whitespace)
}

fn build(
    rules: &AnswerRules,
    status: u16,
    headers: &HeaderMap,
    json: &str,
    (code, message): (Option<Cow<'_, str>>, Option<Cow<'_, str>>),
) -> Failure {
    let kind = kind(rules, status, headers, code.as_deref());
    let fallback = match kind {
        FailureKind::Refused | FailureKind::Unavailable => "UPSTREAM_ERROR",
        FailureKind::CredentialRejected => "UNAUTHORIZED",
        FailureKind::RateLimited => "RATE_LIMITED",
    };
    let message =
        message.map_or_else(|| format!("the platform answered with status {status}"), |text| clean(&text));
    let retryable = matches!(kind, FailureKind::RateLimited | FailureKind::Unavailable);
    let details = (json.len() <= MAX_DETAILS).then(|| serde_json::from_str(json).ok()).flatten();
    Failure {
        kind,
        code: code
            .map(|code| clean(&code))
            .filter(|code| !code.is_empty())
            .unwrap_or_else(|| fallback.to_owned()),
        message,
        details: details.filter(|details: &serde_json::Value| !details.is_null()),
        retryable,
        retry_after_seconds: if retryable { wait(rules, headers) } else { None },
        credential_rejected: kind == FailureKind::CredentialRejected,
        upstream_status: status,
    }
}

fn kind(rules: &AnswerRules, status: u16, headers: &HeaderMap, code: Option<&str>) -> FailureKind {
    let listed = |codes: &[String]| code.is_some_and(|code| codes.iter().any(|listed| listed == code));
    let limited = rules.rate_limit.as_ref().is_some_and(|limit| {
        let says = |(name, wanted): &(HeaderName, String)| {
            headers.get(name).is_some_and(|value| value.as_bytes() == wanted.as_bytes())
        };
        limit.status == status && limit.header.as_ref().is_none_or(says)
    });
    if status == 429 || limited || listed(&rules.rate_limited_codes) {
        FailureKind::RateLimited
    } else if status == 401 || listed(&rules.unauthorized_codes) {
        FailureKind::CredentialRejected
    } else if status >= 500 || matches!(status, 408 | 425) {
        FailureKind::Unavailable
    } else {
        FailureKind::Refused
    }
}

/// The first pointer that finds a text; the usual places where the definition names none.
fn first<'j>(pointers: &[Pointer], usual: &[&[&str]], json: &'j str) -> Option<Cow<'j, str>> {
    if !pointers.is_empty() {
        return pointers.iter().find_map(|pointer| pointer.find_text(json));
    }
    usual.iter().find_map(|tokens| {
        let mut at = json;
        for token in *tokens {
            at = match at.as_bytes().first()? {
                b'{' => scan::member(at, token)?,
                b'[' => scan::elements(at).next()?,
                _ => return None,
            };
        }
        scan::scalar_text(at)
    })
}

/// One line of bounded length.
fn clean(text: &str) -> String {
    let visible = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    visible.take(MAX_MESSAGE).collect::<String>().trim().to_owned()
}

/// Seconds to wait: `Retry-After` (RFC 9110, section 10.2.3), else the platform's own header.
///
/// A time is held against the answer's own `Date`, so that no clock is needed and none can disagree.
fn wait(rules: &AnswerRules, headers: &HeaderMap) -> Option<u64> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let now = text(&DATE).and_then(seconds_of_date);
    if let Some(said) = text(&RETRY_AFTER) {
        let seconds = said.parse().ok().or_else(|| Some(seconds_of_date(said)?.saturating_sub(now?)));
        return seconds.map(|seconds: u64| seconds.min(MAX_WAIT));
    }
    let name = rules.rate_limit.as_ref().and_then(|limit| limit.reset.as_ref())?;
    let said: u64 = text(name)?.split('.').next()?.parse().ok()?;
    let seconds = if said >= FIRST_TIME { said.saturating_sub(now?) } else { said };
    Some(seconds.min(MAX_WAIT))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn seconds_of_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.splitn(3, ':').map(str::parse::<u64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    if !(1970..10_000).contains(&year) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60
    {
        return None;
    }
    // Days from civil, with the year beginning in March so that the leap day is its last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    let days = 365 * shifted_year + leap_days + (153 * shifted_month + 2) / 5 + day - 1;
    let since = days.checked_sub(719_468)?;
    Some(since * 86_400 + hour * 3600 + minute * 60 + second)
}
