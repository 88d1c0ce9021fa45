//! The words that columns hold.

use store::{CredentialStatus, ExecutionStatus, Identity, Role, ToolMode};

#[test]
fn every_word_is_read_as_what_wrote_it() {
    for role in [Role::Admin, Role::Member] {
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
    for mode in [ToolMode::Dynamic, ToolMode::Direct, ToolMode::Both] {
        assert_eq!(ToolMode::parse(mode.as_str()), Some(mode));
    }
    for identity in [Identity::Header, Identity::Jwt, Identity::Owner] {
        assert_eq!(Identity::parse(identity.as_str()), Some(identity));
    }
    for word in ["active", "expired", "revoked", "error"] {
        assert_eq!(CredentialStatus::parse(word).map(CredentialStatus::as_str), Some(word));
    }
    for word in ["running", "succeeded", "failed", "unknown"] {
        assert_eq!(ExecutionStatus::parse(word).map(ExecutionStatus::as_str), Some(word));
    }
}

#[test]
fn an_unknown_word_is_not_guessed() {
    for word in ["", "Admin", "admin ", "owner"] {
        assert_eq!(Role::parse(word), None, "{word:?}");
        let refused = Role::try_from(word.to_owned()).expect_err("no role");
        assert_eq!(refused.to_string(), format!("unknown role {word:?}"));
    }
    assert_eq!(ToolMode::parse("none"), None);
    assert_eq!(Identity::parse("none"), None);
    assert_eq!(CredentialStatus::parse("none"), None);
    assert_eq!(ExecutionStatus::parse("none"), None);
}
