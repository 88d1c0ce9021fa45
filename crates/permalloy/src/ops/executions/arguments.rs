//! The arguments of the management API's execute call: one object, or several that are put together.

use serde_json::{Map, Value, value::RawValue};

use crate::error::{Detail, Error};

/// `parameters` with the members of the other objects added. `named` pairs each object with its name in the
/// request, for messages. A name in two objects is a problem.
pub(crate) fn merged(
    parameters: Option<Box<RawValue>>,
    named: [(&str, Option<Map<String, Value>>); 4],
) -> Result<Option<Box<RawValue>>, Error> {
    if named.iter().all(|(_, object)| object.is_none()) {
        return Ok(parameters);
    }
    let mut all: Map<String, Value> = match &parameters {
        Some(parameters) => serde_json::from_str(parameters.get())
            .map_err(|error| Error::invalid_field("parameters", "expected a JSON object").because(error))?,
        None => Map::new(),
    };
    let mut problems = Vec::new();
    for (name, object) in named {
        for (member, value) in object.into_iter().flatten() {
            if all.contains_key(&member) {
                problems.push(Detail { field: format!("{name}.{member}"), problem: "is given twice".into() });
            } else {
                all.insert(member, value);
            }
        }
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    serde_json::value::to_raw_value(&all).map(Some).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_objects_are_put_together_and_a_name_in_two_of_them_is_a_problem() {
        let parameters = || Some(RawValue::from_string(r#"{"a":1}"#.to_owned()).unwrap());
        let named = |body: &str| {
            [
                ("requestBody", Some(object(body))),
                ("pathParams", Some(object(r#"{"c":3}"#))),
                ("x", None),
                ("y", None),
            ]
        };
        let all = merged(parameters(), named(r#"{"b":2}"#)).unwrap().unwrap();
        assert_eq!(all.get(), r#"{"a":1,"b":2,"c":3}"#);
        let error = merged(parameters(), named(r#"{"a":2}"#)).unwrap_err();
        assert_eq!(error.details().first().map(|detail| detail.field.as_str()), Some("requestBody.a"));
    }
}
