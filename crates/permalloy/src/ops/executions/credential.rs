//! Which credential a run uses, and its opened fields for the moment in which the request is made.

use std::{fmt, sync::Arc};

use connector::{AuthType, CredentialView};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use store::{Credential, CredentialStatus};
use vault::Secret;
use zeroize::Zeroizing;

use super::{Acting, Failed};
use crate::{
    app::App,
    error::Error,
    ops::{catalogue::Entry, credentials::SEALED_FIELD},
};

/// A credential that was chosen.
pub(super) struct Chosen {
    pub(super) row: Arc<Credential>,
    pub(super) kind: AuthType,
}

/// Chooses: the one that is named, else the user's newest active one. `None` where the connector needs none.
pub(super) async fn choose(
    app: &App,
    by: &Acting,
    entry: &Entry,
    named: Option<&str>,
) -> Result<Option<Chosen>, Failed> {
    // A header that comes with every call of a client means nothing to open data.
    if entry.connector.auth().is_empty() && named.is_none() {
        return Ok(None);
    }
    let named = named.or(by.credential_id.as_deref());
    let row = if let Some(credential_id) = named {
        by_id(by, entry, credential_id).await?
    } else {
        let found = app.lookup.newest_credential(&by.account, &by.account_id, &by.user_id, &entry.id).await?;
        let none = || format!("There is no active {} credential for this user", entry.connector.name());
        found.ok_or_else(|| missing(entry, none()))?
    };
    let kind = AuthType::parse(&row.credential_type);
    let known = kind.filter(|kind| entry.connector.auth_method(*kind).is_some());
    let Some(kind) = known else {
        let message =
            format!("{} does not take credentials of the type {} any more", entry.id, row.credential_type);
        return Err(missing(entry, message));
    };
    Ok(Some(Chosen { row, kind }))
}

/// A named credential has to be the user's own, for this connector, and active. Another user's is as good as none.
async fn by_id(by: &Acting, entry: &Entry, credential_id: &str) -> Result<Arc<Credential>, Failed> {
    let found = by.account.find_credential(credential_id).await?;
    let own = found.filter(|row| *row.user_id == *by.user_id);
    let Some(row) = own else {
        return Err(missing(entry, "The named credential does not exist for this user".to_owned()));
    };
    if *row.connector_id != *entry.id {
        let message = format!("The named credential is for {}, not for {}", row.connector_id, entry.id);
        return Err(missing(entry, message));
    }
    if row.status != CredentialStatus::Active && !by.testing {
        let reason = row.status_reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        return Err(missing(entry, format!("The named credential is {}{reason}", row.status.as_str())));
    }
    Ok(Arc::new(row))
}

fn missing(entry: &Entry, message: String) -> Failed {
    Failed::no_credential(message, &entry.id, &entry.authentication_types())
}

impl Chosen {
    /// Opens the credential, hands its fields to `with`, and forgets them.
    pub(super) async fn open<T>(
        &self,
        app: &App,
        by: &Acting,
        with: impl FnOnce(&CredentialView<'_>) -> T,
    ) -> Result<T, Error> {
        let row = &*self.row;
        let secret: Secret =
            app.sealing.open(&by.account, &row.credential_id, SEALED_FIELD, &row.sealed).await?;
        // serde's message could quote the secret.
        let secrets: Fields<'_> =
            serde_json::from_slice(secret.expose()).map_err(|_secret| Error::internal(Unreadable))?;
        let public: Fields<'_> =
            serde_json::from_str(&row.public_fields).map_err(|_secret| Error::internal(Unreadable))?;
        let fields: Vec<(&str, &str)> =
            secrets.0.iter().chain(&public.0).map(|(name, value)| (&**name, &**value)).collect();
        Ok(with(&CredentialView { kind: self.kind, fields: &fields }))
    }
}

/// A stored credential is not the JSON object it should be.
#[derive(Debug, thiserror::Error)]
#[error("a stored credential cannot be read")]
struct Unreadable;

/// The members of a JSON object of strings.
struct Fields<'a>(Vec<(Text<'a>, Text<'a>)>);

/// A text inside the opened secret, or a copy that is wiped.
enum Text<'a> {
    Borrowed(&'a str),
    Owned(Zeroizing<String>),
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfText;
        impl<'de> Visitor<'de> for OfText {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text::Owned(Zeroizing::new(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text::Owned(Zeroizing::new(text)))
            }
        }
        deserializer.deserialize_str(OfText)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(4);
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_and_without_escapes() {
        let fields: Fields<'_> = serde_json::from_str(r#"{"user":"a","word":"b\nc"}"#).unwrap();
        let seen: Vec<(&str, &str)> = fields.0.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(seen, [("user", "a"), ("word", "b\nc")]);
        assert!(matches!(fields.0.first(), Some((_, Text::Borrowed("a")))), "a plain text is not copied");
        assert!(serde_json::from_str::<Fields<'_>>(r#"{"user":1}"#).is_err());
    }
}
