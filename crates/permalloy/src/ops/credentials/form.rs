//! The form of a credential: what it asks for, and reading what was filled in.

use connector::{AuthMethod, AuthType, Field};
use serde::Serialize;
use serde_json::{Map, Value, json};
use vault::Secret;

use crate::{
    error::{Detail, Error},
    nearest::nearest,
    ops::catalogue::Entry,
};

/// The longest value of a field, in bytes; private keys in PEM fit.
const MAX_FIELD_BYTES: usize = 16 * 1024;

/// One way to authenticate, as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetadataView {
    pub(crate) authentication_type: &'static str,
    /// Whether the account needs an OAuth application of its own first.
    pub(crate) auth_config_required: bool,
    /// JSON Schema of `data` (of `fields` in the MCP tool).
    pub(crate) input_schema: Value,
    pub(crate) sample_input: Value,
}

/// The fields that were filled in, ready to be stored.
pub(super) struct Fields {
    /// A JSON object of the secret ones.
    pub(super) secret: Secret,
    /// A JSON object of the others.
    pub(super) public: String,
}

/// The ways to authenticate with a connector, best first.
pub(crate) fn metadata(entry: &Entry) -> Vec<MetadataView> {
    entry.connector.auth().iter().map(describe).collect()
}

fn describe(method: &AuthMethod) -> MetadataView {
    let mut properties = Map::new();
    let mut sample = Map::new();
    for field in &method.fields {
        let mut schema = json!({ "type": "string", "title": field.title, "description": field.description });
        if let Some(members) = schema.as_object_mut() {
            if let Some(pattern) = &field.pattern {
                members.insert("pattern".into(), format!("^(?:{pattern})$").into());
            }
            if field.required {
                members.insert("minLength".into(), 1.into());
            }
            if field.secret {
                members.insert("format".into(), "password".into());
                members.insert("writeOnly".into(), true.into());
            }
        }
        properties.insert(field.name.clone(), schema);
        sample.insert(
            field.name.clone(),
            field.placeholder.clone().unwrap_or_else(|| field.title.clone()).into(),
        );
    }
    let required: Vec<&str> =
        method.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    MetadataView {
        authentication_type: method.kind.as_str(),
        auth_config_required: method.kind == AuthType::Oauth2,
        input_schema: json!({
            "type": "object",
            "title": method.name,
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }),
        sample_input: sample.into(),
    }
}

/// The type of that name, if the connector has it and it needs no browser.
pub(super) fn kind(entry: &Entry, name: &str) -> Result<AuthType, Error> {
    let types = entry.authentication_types();
    if types.is_empty() {
        let problem = format!("{} is open data and needs no credential", entry.id);
        return Err(Error::invalid_field("authenticationType", problem));
    }
    let kind = AuthType::parse(name).filter(|kind| entry.connector.auth_method(*kind).is_some());
    match kind {
        Some(AuthType::Oauth2) => {
            let others: Vec<_> =
                types.into_iter().filter(|other| *other != AuthType::Oauth2.as_str()).collect();
            let instead = if others.is_empty() {
                String::new()
            } else {
                format!("; {} also takes: {}", entry.id, others.join(", "))
            };
            let problem = format!("the browser flow of oauth2 is not available in this version{instead}");
            Err(Error::invalid_field("authenticationType", problem))
        }
        Some(kind) => Ok(kind),
        None => {
            let problem = format!("expected one of {}", types.join(", "));
            Err(Error::invalid_field("authenticationType", problem))
        }
    }
}

/// Checks every field of the form, and parts the secret ones from the others.
pub(super) fn read(
    entry: &Entry,
    kind: AuthType,
    (member, data): (&str, &Map<String, Value>),
) -> Result<Fields, Error> {
    let fields = entry.connector.auth_method(kind).map(|method| method.fields.as_slice()).unwrap_or_default();
    let mut problems = Vec::new();
    for name in data.keys().filter(|name| fields.iter().all(|field| field.name != **name)) {
        let near = nearest(name, fields.iter().map(|field| field.name.clone()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        problems.push(Detail { field: format!("{member}.{name}"), problem: format!("unknown field{near}") });
    }
    let (mut secret, mut public) = (Map::new(), Map::new());
    for field in fields {
        match value(field, data) {
            Ok(None) => {}
            Ok(Some(value)) => {
                let place = if field.secret { &mut secret } else { &mut public };
                place.insert(field.name.clone(), value.into());
            }
            Err(problem) => problems.push(Detail { field: format!("{member}.{}", field.name), problem }),
        }
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let secret = serde_json::to_string(&secret).map_err(Error::internal)?;
    let public = serde_json::to_string(&public).map_err(Error::internal)?;
    Ok(Fields { secret: Secret::new(secret), public })
}

/// The value of a field. No problem repeats a value: it may be a secret.
fn value<'d>(field: &Field, data: &'d Map<String, Value>) -> Result<Option<&'d str>, String> {
    let value = match data.get(&field.name) {
        None | Some(Value::Null) if field.required => return Err("is required".into()),
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(value)) => value.as_str(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err("expected a string".into());
        }
    };
    if value.len() > MAX_FIELD_BYTES {
        return Err(format!("is too long, expected at most {MAX_FIELD_BYTES} bytes"));
    }
    if !field.admits(value) {
        let example =
            field.placeholder.as_deref().map_or_else(String::new, |sample| format!(", such as {sample:?}"));
        return Err(format!("does not look like {}{example}", field.title));
    }
    Ok((!value.is_empty()).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Flags, source::Source},
        ops::catalogue::Catalogue,
    };

    fn catalogue() -> Catalogue {
        let config = Config::load(&Flags::default(), &Source::given([], [])).unwrap();
        Catalogue::load(&config.connectors).unwrap()
    }

    fn fields(error: &Error) -> Vec<&str> {
        error.details().iter().map(|detail| detail.field.as_str()).collect()
    }

    #[test]
    fn every_wrong_field_is_named_and_no_value_is_repeated() {
        let catalogue = catalogue();
        let entry = catalogue.connector("sample").unwrap();
        let data = json!({ "tokn": "hidden-value", "other": 1 });
        let error = read(entry, AuthType::Bearer, ("data", data.as_object().unwrap())).err().unwrap();
        assert_eq!(fields(&error), ["data.tokn", "data.other", "data.token"]);
        assert!(error.details().first().unwrap().problem.contains("did you mean token"), "{error:?}");
        assert!(!format!("{error:?}").contains("hidden-value"));
    }

    #[test]
    fn secret_fields_are_parted_from_the_others() {
        let catalogue = catalogue();
        let entry = catalogue.connector("sample").unwrap();
        let data = json!({ "token": "abc" });
        let read = read(entry, AuthType::Bearer, ("data", data.as_object().unwrap())).ok().unwrap();
        assert_eq!(read.secret.expose_str(), Some(r#"{"token":"abc"}"#));
        assert_eq!(read.public, "{}");
    }

    #[test]
    fn a_type_that_the_connector_does_not_have_is_refused_with_those_it_has() {
        let catalogue = catalogue();
        let error = kind(catalogue.connector("sample").unwrap(), "basic").unwrap_err();
        assert!(error.public().contains("expected one of bearer"), "{error:?}");
        let open = kind(catalogue.connector("hackernews").unwrap(), "bearer").unwrap_err();
        assert!(open.public().contains("needs no credential"), "{open:?}");
    }
}
