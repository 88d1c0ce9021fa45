//! Holds a request against a platform's own OpenAPI 3.0 description.
//!
//! Deliberately not the product's reader of such documents: a judge that shares code with the judged agrees
//! with its mistakes.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// Schemas nest far less; deeper ones are cycles, and admit anything.
const DEEPEST: usize = 16;

pub(super) struct Description {
    document: Value,
}

pub(super) struct Operation<'a> {
    /// `operationId`.
    pub(super) name: &'a str,
    value: &'a Value,
    parameters: Vec<&'a Value>,
}

impl Description {
    pub(super) fn new(document: Value) -> Self {
        assert!(document["paths"].is_object(), "an API description has paths");
        Self { document }
    }

    /// The operation that this method and path mean, and what is wrong with its path parameters.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(Operation<'_>, Vec<String>)> {
        let paths = self.document["paths"].as_object()?;
        let candidates = paths.iter().filter_map(|(template, item)| {
            let operation = self.operation(item, method)?;
            let places = places(template, path)?;
            places.iter().all(|place| operation.admits(place)).then_some((operation, places))
        });
        let (operation, places) = candidates.min_by_key(|(_, places)| places.len())?;
        let faults = places.iter().flat_map(|place| match operation.parameter("path", place.name) {
            Some(parameter) => self.check_text(parameter, &place.text),
            None => vec![format!("{} has no path parameter {}", operation.name, place.name)],
        });
        let faults = faults.collect();
        Some((operation, faults))
    }

    fn operation<'a>(&'a self, item: &'a Value, method: &str) -> Option<Operation<'a>> {
        let value = item.get(method.to_lowercase())?;
        let listed = [&item["parameters"], &value["parameters"]];
        let parameters = listed.iter().filter_map(|it| it.as_array()).flatten();
        let parameters = parameters.map(|parameter| self.followed(parameter)).collect();
        Some(Operation { name: value["operationId"].as_str()?, value, parameters })
    }

    /// What is wrong with a query.
    pub(super) fn check_query(&self, operation: &Operation<'_>, query: &str) -> Vec<String> {
        let given: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut faults = Vec::new();
        for (name, text) in &given {
            match operation.parameter("query", name) {
                Some(parameter) => faults.extend(self.check_text(parameter, text)),
                None => faults.push(format!("{} has no query parameter {name}", operation.name)),
            }
        }
        for parameter in &operation.parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let missing = !given.iter().any(|(given, _)| given == name);
            if parameter["in"] == "query" && parameter["required"] == true && missing {
                faults.push(format!("{} wants the query parameter {name}", operation.name));
            }
        }
        faults
    }

    /// What is wrong with a body.
    pub(super) fn check_body(&self, operation: &Operation<'_>, media_type: &str, body: &[u8]) -> Vec<String> {
        let name = operation.name;
        let described = self.followed(&operation.value["requestBody"]);
        if body.is_empty() {
            let required = described["required"] == true;
            return if required { vec![format!("{name} wants a body")] } else { Vec::new() };
        }
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let Some(content) = described["content"].get(essence) else {
            return vec![format!("{name} takes no body of type {media_type:?}")];
        };
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return vec![format!("{name}: the body is not JSON")];
        };
        let schema = self.inlined(&content["schema"], 0);
        let mut faults = violations(&format!("{name}: body"), &schema, &value);
        faults.extend(unknown_members(name, &schema, &value));
        faults
    }

    /// The status and body of the first success that the description shows.
    pub(super) fn example_answer(&self, operation: &Operation<'_>) -> (u16, Value) {
        let responses = operation.value["responses"].as_object().expect("responses");
        let success: BTreeMap<u16, &Value> = responses
            .iter()
            .filter_map(|(status, response)| Some((status.parse().ok()?, self.followed(response))))
            .filter(|(status, _)| (200..300).contains(status))
            .collect();
        let (status, response) = success.first_key_value().expect("a success");
        let content = &response["content"]["application/json"];
        let shown = content["examples"].as_object().and_then(|examples| examples.values().next());
        let example = shown.map_or(&content["example"], |example| &self.followed(example)["value"]);
        (*status, example.clone())
    }

    fn check_text(&self, parameter: &Value, text: &str) -> Vec<String> {
        let schema = self.inlined(&parameter["schema"], 0);
        let parsed = match schema["type"].as_str() {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text).ok(),
            _ => None,
        };
        let value = parsed.unwrap_or_else(|| Value::from(text));
        violations(&format!("parameter {}", parameter["name"]), &schema, &value)
    }

    /// Follows `$ref` to where it points.
    fn followed<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        self.followed(self.document.pointer(pointer).expect("a reference that leads somewhere"))
    }

    /// The schema as JSON Schema says it: references replaced, and OpenAPI 3.0's `nullable` spelt out.
    fn inlined(&self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Bool(true);
        }
        match self.followed(schema) {
            Value::Object(members) => {
                let below =
                    members.iter().map(|(name, value)| (name.clone(), self.inlined(value, depth + 1)));
                spell_out_nullable(below.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.inlined(item, depth + 1)).collect(),
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain.clone(),
        }
    }
}

impl Operation<'_> {
    fn parameter(&self, place: &str, name: &str) -> Option<&Value> {
        self.parameters.iter().copied().find(|it| it["in"] == place && it["name"] == name)
    }

    /// GitHub marks the path parameters that may hold slashes, such as the path of a file.
    fn admits(&self, place: &Place<'_>) -> bool {
        let marked = self.parameter("path", place.name).is_some_and(|it| it["x-multi-segment"] == true);
        marked || !place.text_has_segments
    }
}

/// What stands in one place of a path template.
struct Place<'a> {
    name: &'a str,
    text: String,
    text_has_segments: bool,
}

/// What stands in the places of a path template; `None` when the path is of another form. The last place takes
/// all that is left.
fn places<'a>(template: &'a str, path: &str) -> Option<Vec<Place<'a>>> {
    let wanted: Vec<_> = template.split('/').collect();
    let given: Vec<_> = path.splitn(wanted.len(), '/').collect();
    if wanted.len() != given.len() {
        return None;
    }
    let mut places = Vec::new();
    for (wanted, given) in wanted.into_iter().zip(given) {
        match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => {
                let text = percent_decode_str(given).decode_utf8().ok()?.into_owned();
                places.push(Place { name, text, text_has_segments: given.contains('/') });
            }
            None if wanted == given => {}
            None => return None,
        }
    }
    Some(places)
}

fn spell_out_nullable(mut schema: Map<String, Value>) -> Value {
    if schema.remove("nullable") == Some(Value::Bool(true)) {
        return json!({ "anyOf": [{ "type": "null" }, schema] });
    }
    Value::Object(schema)
}

fn violations(place: &str, schema: &Value, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a usable schema");
    validator.iter_errors(value).map(|error| format!("{place} {}: {error}", error.instance_path())).collect()
}

/// Members of a body that the description does not know: allowed by the letter, and always a mistake.
fn unknown_members(operation: &str, schema: &Value, value: &Value) -> Vec<String> {
    let (Some(known), Some(given)) = (schema["properties"].as_object(), value.as_object()) else {
        return Vec::new();
    };
    let unknown = given.keys().filter(|name| !known.contains_key(*name));
    unknown.map(|name| format!("{operation}: the body has no member {name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description() -> Description {
        Description::new(json!({
            "paths": {
                "/repos/{owner}/issues": {
                    "parameters": [{ "name": "owner", "in": "path", "schema": { "type": "string" } }],
                    "post": {
                        "operationId": "create",
                        "parameters": [
                            { "$ref": "#/components/parameters/page" },
                            { "name": "must", "in": "query", "required": true, "schema": { "type": "string" } },
                        ],
                        "requestBody": { "required": true, "content": { "application/json": { "schema": {
                            "required": ["title"],
                            "properties": {
                                "title": { "type": "string" },
                                "note": { "type": "string", "nullable": true },
                            },
                        } } } },
                        "responses": { "201": { "content": { "application/json": {
                            "examples": { "default": { "$ref": "#/components/examples/one" } },
                        } } } },
                    },
                },
                "/repos/acme/{thing}": { "get": { "operationId": "other", "responses": {} } },
            },
            "components": {
                "parameters": { "page": { "name": "page", "in": "query", "schema": { "type": "integer" } } },
                "examples": { "one": { "value": { "id": 1 } } },
            },
        }))
    }

    fn faults(query: &str, media_type: &str, body: &str) -> Vec<String> {
        let description = description();
        let (operation, mut faults) = description.find("POST", "/repos/acme/issues").expect("found");
        faults.extend(description.check_query(&operation, query));
        faults.extend(description.check_body(&operation, media_type, body.as_bytes()));
        faults
    }

    #[test]
    fn a_request_as_described_has_no_faults() {
        let body = r#"{"title":"x","note":null}"#;
        assert_eq!(faults("page=2&must=x", "application/json; charset=utf-8", body), Vec::<String>::new());
        let description = description();
        let (operation, _) = description.find("POST", "/repos/ac%2Fme/issues").expect("found");
        assert_eq!(description.example_answer(&operation), (201, json!({ "id": 1 })));
    }

    #[test]
    fn each_deviation_from_the_description_is_a_fault() {
        let json = "application/json";
        for (query, media_type, body, fault) in [
            ("must=x&page=two", json, r#"{"title":"x"}"#, "parameter \"page\""),
            ("must=x&pages=2", json, r#"{"title":"x"}"#, "no query parameter pages"),
            ("", json, r#"{"title":"x"}"#, "wants the query parameter must"),
            ("must=x", "text/plain", r#"{"title":"x"}"#, "no body of type"),
            ("must=x", json, "", "wants a body"),
            ("must=x", json, "{", "not JSON"),
            ("must=x", json, "{}", "title"),
            ("must=x", json, r#"{"title":7}"#, "/title"),
            ("must=x", json, r#"{"title":"x","titel":"y"}"#, "no member titel"),
        ] {
            let found = faults(query, media_type, body);
            assert!(found.len() == 1 && found.iter().all(|it| it.contains(fault)), "{fault}: {found:?}");
        }
        assert!(description().find("GET", "/repos/a/issues/1").is_none());
        assert!(description().find("DELETE", "/repos/acme/issues").is_none());
    }
}
