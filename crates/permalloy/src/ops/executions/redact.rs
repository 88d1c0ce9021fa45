//! Removing what looks like a secret from JSON that is to be kept.

use serde_json::{Value, json};

/// The largest text that is kept, in bytes; of a larger one only its size is.
const MAX_BYTES: usize = 256 * 1024;
/// What stands in the place of a secret.
const REMOVED: &str = "***";
/// Parts of member names, without case and separators, that give a secret away.
const SECRET_NAMES: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "apikey",
    "privatekey",
    "accesskey",
    "signingkey",
    "credential",
    "cookie",
    "sessionid",
    "signature",
];

/// The text without secrets; `None` when it is no JSON.
pub(super) fn json(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES {
        return Some(json!({ "omitted": "too large to keep", "bytes": text.len() }).to_string());
    }
    let mut value: Value = serde_json::from_str(text).ok()?;
    clean(&mut value);
    serde_json::to_string(&value).ok()
}

fn clean(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if is_secret(name) && (member.is_string() || member.is_object() || member.is_array()) {
                    *member = Value::from(REMOVED);
                } else {
                    clean(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_NAMES.iter().any(|secret| plain.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_removed_at_any_depth() {
        let kept = json(
            r#"{"title":"a","Api-Key":"k","auth":[{"access_token":"t","max_tokens":5}],"client_secret":{"a":1}}"#,
        );
        let expected = r#"{"title":"a","Api-Key":"***","auth":[{"access_token":"***","max_tokens":5}],"client_secret":"***"}"#;
        assert_eq!(kept.as_deref(), Some(expected));
    }

    #[test]
    fn of_what_is_too_large_only_the_size_is_kept() {
        let large = format!("\"{}\"", "x".repeat(MAX_BYTES));
        let kept = json(&large).unwrap();
        assert!(kept.contains("omitted") && kept.len() < 100, "{kept}");
        assert_eq!(json("not json"), None);
    }
}
