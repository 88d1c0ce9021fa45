//! Answers, by table.

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::samples::{action, connector, first};

const RULES: &str = "answer:
  failure: { when: { pointer: /ok, equals: false }, code: /error, message: /detail }
  errorMessage: [/error/message, /message]
  errorCode: /error/code
  unauthorizedCodes: [invalid_auth]
  rateLimitedCodes: [slow_down]
  rateLimit: { status: 403, header: x-remaining, equals: '0', resetHeader: x-reset }";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap()));
    pairs.collect()
}

fn failure(status: u16, pairs: &[(&str, &str)], body: &str) -> Failure {
    let connector = connector(RULES, &action("get", "method: GET\npath: /x"));
    match answer(first(&connector), Sent::default(), status, &headers(pairs), body.as_bytes()) {
        Answer::Failure(failure) => failure,
        Answer::Success(success) => panic!("{success:?}"),
    }
}

fn success(lines: &str, sent: Sent, pairs: &[(&str, &str)], body: &[u8]) -> Success<'static> {
    let connector = connector(RULES, &action("get", lines));
    match answer(first(&connector), sent, 200, &headers(pairs), body) {
        Answer::Success(success) => success.into_owned(),
        Answer::Failure(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn a_failure_is_told_from_status_body_and_headers() {
    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    type Case = (u16, &'static [(&'static str, &'static str)], &'static str, &'static str);
    let cases: &[Case] = &[
        (
            200,
            &[],
            r#"{"ok": false, "error": "not_found", "detail": "no such"}"#,
            "Refused not_found 'no such' -",
        ),
        (
            200,
            &[],
            r#"{"ok": false, "error": "invalid_auth"}"#,
            "CredentialRejected invalid_auth 'the platform answered with status 200' -",
        ),
        (
            200,
            &[],
            r#"{"ok": false, "error": "slow_down"}"#,
            "RateLimited slow_down 'the platform answered with status 200' -",
        ),
        (401, &[], "", "CredentialRejected UNAUTHORIZED 'the platform answered with status 401' -"),
        (404, &[], r#"{"message": "gone\nfor good"}"#, "Refused UPSTREAM_ERROR 'gone for good' -"),
        (422, &[], r#"{"error": {"message": "m", "code": 7}}"#, "Refused 7 'm' -"),
        (
            429,
            &[("retry-after", "3")],
            "slow",
            "RateLimited RATE_LIMITED 'the platform answered with status 429' 3",
        ),
        (
            429,
            &[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), DATE],
            "",
            "RateLimited RATE_LIMITED 'the platform answered with status 429' 60",
        ),
        (
            403,
            &[("x-remaining", "1")],
            "",
            "Refused UPSTREAM_ERROR 'the platform answered with status 403' -",
        ),
        (
            403,
            &[("x-remaining", "0"), ("x-reset", "9")],
            "",
            "RateLimited RATE_LIMITED 'the platform answered with status 403' 9",
        ),
        (
            403,
            &[("x-remaining", "0"), ("x-reset", "784111837"), DATE],
            "",
            "RateLimited RATE_LIMITED 'the platform answered with status 403' 604800",
        ),
        (503, &[], "<html>", "Unavailable UPSTREAM_ERROR 'the platform answered with status 503' -"),
        (302, &[], "", "Refused UPSTREAM_ERROR 'the platform answered with status 302' -"),
    ];
    for (status, pairs, body, expected) in cases {
        let found = failure(*status, pairs, body);
        let wait = found.retry_after_seconds.map_or("-".to_owned(), |seconds| seconds.to_string());
        let text = format!("{:?} {} '{}' {wait}", found.kind, found.code, found.message);
        assert_eq!(text, *expected, "{status} {body}");
        assert_eq!(
            found.retryable,
            matches!(found.kind, FailureKind::RateLimited | FailureKind::Unavailable)
        );
        assert_eq!(found.credential_rejected, found.kind == FailureKind::CredentialRejected);
    }
}

#[test]
fn without_rules_the_usual_places_say_why() {
    let connector = connector("", &action("get", "method: GET\npath: /x"));
    let cases = [
        (r#"{"error": {"message": "m", "type": "t"}}"#, "t m"),
        (r#"{"errors": [{"message": "m"}], "code": "c"}"#, "c m"),
        (r#"{"error": "invalid_grant", "error_description": "d"}"#, "invalid_grant d"),
        (r#"{"error": "Not Found", "status": 404}"#, "UPSTREAM_ERROR Not Found"),
        ("[]", "UPSTREAM_ERROR the platform answered with status 400"),
    ];
    for (body, expected) in cases {
        let found = answer(first(&connector), Sent::default(), 400, &HeaderMap::new(), body.as_bytes());
        let Answer::Failure(failure) = found else { panic!("{body}") };
        assert_eq!(format!("{} {}", failure.code, failure.message), expected, "{body}");
    }
}

#[test]
fn every_kind_of_body_has_a_result() {
    let plain = "method: GET\npath: /x";
    let bytes = json!({"mimeType": "image/png", "base64": "iVA=", "bytes": 2}).to_string();
    let cases: [(&str, &[u8], &str); 6] = [
        (plain, b" \n", "null"),
        (plain, b"\xef\xbb\xbf {\"a\": 1} ", "{\"a\": 1}"),
        (plain, b"hi \"there\"", "\"hi \\\"there\\\"\""),
        (plain, b"\x89\x50", &bytes),
        ("method: GET\npath: /x\nbinary: true", b"\x89\x50", &bytes),
        (
            "method: GET\npath: /x\nprojection: [a, b.c]",
            br#"{"a":1,"b":{"c":[2],"d":3},"e":4}"#,
            r#"{"a":1,"b":{"c":[2]}}"#,
        ),
    ];
    for (lines, body, expected) in cases {
        let found = success(lines, Sent::default(), &[("content-type", "image/png")], body);
        assert_eq!(found.result, expected);
    }
}

#[test]
fn an_untouched_answer_is_borrowed() {
    let connector = connector("", &action("get", "method: GET\npath: /x"));
    let body = br#"{"a": [1, 2]}"#;
    let Answer::Success(found) = answer(first(&connector), Sent::default(), 200, &HeaderMap::new(), body)
    else {
        panic!("it did not succeed")
    };
    assert!(matches!(found.result, Cow::Borrowed(_)));
}

#[test]
fn a_projection_keeps_what_stands_around_the_list_and_can_be_switched_off() {
    let lines = "method: GET\npath: /x\nitems: /data\nprojection: [id, user.name]";
    let body = br#"{"more": true, "data": [{"id": 1, "x": 2, "user": {"name": "a", "y": 3}}, {"id": 2, "user": null}]}"#;
    let found = success(lines, Sent::default(), &[], body);
    assert_eq!(
        found.result,
        r#"{"more": true, "data": [{"id":1,"user":{"name":"a"}},{"id":2,"user":null}]}"#
    );
    let whole = success(lines, Sent { all_fields: true, ..Sent::default() }, &[], body);
    assert_eq!(whole.result.as_bytes(), body);
}

fn paging(rest: &str) -> String {
    format!(
        "method: GET\npath: /x\nitems: /data\ntotal: /total\nparameters:\n  - {{ name: at, in: query, description: D, schema: {{}} }}\n  \
         - {{ name: limit, in: query, description: D, schema: {{ type: integer }} }}\npaging: {{ {rest} }}"
    )
}

#[test]
fn the_next_page_is_found_as_the_platform_says_it() {
    let sent = |position, limit| Sent { position, limit, all_fields: false };
    let link = "<https://a/1>; rel=\"prev\", <https://a/2?x=1,2>; title=\"a, b\"; rel=\"last next\"";
    let cases: &[(&str, Sent, &str, Option<&str>)] = &[
        (
            "type: cursor, parameter: at, next: /next",
            sent(0, None),
            r#"{"next": "a\"b"}"#,
            Some("\"a\\\"b\""),
        ),
        ("type: cursor, parameter: at, next: /next", sent(0, None), r#"{"next": 12}"#, Some("12")),
        ("type: cursor, parameter: at, next: /next", sent(0, None), r#"{"next": ""}"#, None),
        ("type: cursor, parameter: at, next: /next", sent(0, None), r#"{"next": null}"#, None),
        (
            "type: cursor, parameter: at, next: /next, more: /more",
            sent(0, None),
            r#"{"next": "a", "more": false}"#,
            None,
        ),
        (
            "type: lastId, parameter: at, id: /id, more: /more",
            sent(0, None),
            r#"{"data": [{"id": "a"}, {"id": "b"}], "more": true}"#,
            Some("\"b\""),
        ),
        (
            "type: lastId, parameter: at, id: /id, more: /more",
            sent(0, None),
            r#"{"data": [], "more": true}"#,
            None,
        ),
        (
            "type: lastId, parameter: at, id: /id, limit: limit",
            sent(0, Some(2)),
            r#"{"data": [{"id": 1}]}"#,
            None,
        ),
        ("type: url, next: /next", sent(0, None), r#"{"next": "https://a/2"}"#, Some("\"https://a/2\"")),
        ("type: link", sent(0, None), "{}", Some("\"https://a/2?x=1,2\"")),
        ("type: offset, parameter: at, limit: limit", sent(4, Some(2)), r#"{"data": [1, 2]}"#, Some("6")),
        ("type: offset, parameter: at, limit: limit", sent(4, Some(2)), r#"{"data": [1]}"#, None),
        (
            "type: offset, parameter: at, limit: limit",
            sent(4, Some(2)),
            r#"{"data": [1, 2], "total": 6}"#,
            None,
        ),
        ("type: offset, parameter: at", sent(0, None), r#"{"data": [1], "total": 6}"#, Some("1")),
        ("type: page, parameter: at, limit: limit", sent(1, Some(2)), r#"{"data": [1, 2]}"#, Some("2")),
        (
            "type: page, parameter: at, limit: limit",
            sent(3, Some(2)),
            r#"{"data": [1, 2], "total": 6}"#,
            None,
        ),
        (
            "type: page, parameter: at, first: 0, limit: limit",
            sent(0, Some(2)),
            r#"{"data": [1, 2], "total": 3}"#,
            Some("1"),
        ),
        ("type: page, parameter: at", sent(u64::MAX, None), r#"{"data": []}"#, None),
    ];
    for (rest, sent, body, expected) in cases {
        let found = success(&paging(rest), *sent, &[("link", link)], body.as_bytes());
        assert_eq!(found.next.as_ref().map(PageToken::as_str), *expected, "{rest} {body}");
    }
}

proptest! {
    #[test]
    fn any_answer_is_read(status in 100_u16..700, body in prop::collection::vec(any::<u8>(), 0..64), json in any::<bool>()) {
        let connector = connector(RULES, &action("get", &paging("type: lastId, parameter: at, id: /id")));
        let body = if json { json!({"data": [String::from_utf8_lossy(&body)], "error": [body]}).to_string().into_bytes() } else { body };
        if let Answer::Success(success) = answer(first(&connector), Sent::default(), status, &HeaderMap::new(), &body) {
            prop_assert!(serde_json::from_str::<Value>(&success.result).is_ok());
        }
    }
}
