//! Query strings: every parameter known, none twice, values parsed with their bounds, all problems at once.

use std::str::FromStr;

use url::form_urlencoded;

use crate::error::{Detail, Error};

/// The query parameters of one request.
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    problems: Vec<Detail>,
}

impl Query {
    /// Reads `raw`; a name that is not in `known`, or comes twice, is a problem.
    pub(crate) fn parse(raw: Option<&str>, known: &[&str]) -> Self {
        let mut query = Self { pairs: Vec::new(), problems: Vec::new() };
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                query.problem(&name, "unknown parameter");
            } else if query.pairs.iter().any(|(other, _)| *other == name) {
                query.problem(&name, "given more than once");
            } else {
                query.pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        query
    }

    fn problem(&mut self, field: &str, problem: impl Into<String>) {
        self.problems.push(Detail { field: field.into(), problem: problem.into() });
    }

    /// The text of a parameter, if it is there and not empty.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let index = self.pairs.iter().position(|(other, _)| other == name)?;
        let (_, value) = self.pairs.swap_remove(index);
        (!value.is_empty()).then_some(value)
    }

    /// A parameter of another type.
    pub(crate) fn value<T: FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.problem(name, format!("expected {expected}"));
        }
        value
    }

    /// `limit`: 1 to 1000, 100 when absent.
    pub(crate) fn limit(&mut self) -> u32 {
        let limit = self.value("limit", "an integer from 1 to 1000").unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            self.problem("limit", "expected an integer from 1 to 1000");
        }
        limit
    }

    /// All problems, or nothing.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::invalid(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_repeated_and_unreadable_parameters_are_all_named() {
        let mut query = Query::parse(
            Some("limit=0&cursor=a&cursor=b&colour=red&all=perhaps"),
            &["limit", "cursor", "all"],
        );
        query.limit();
        query.value::<bool>("all", "true or false");
        let error = query.finish().unwrap_err();
        let fields: Vec<_> = error.details().iter().map(|detail| detail.field.as_str()).collect();
        assert_eq!(fields, ["cursor", "colour", "limit", "all"]);
    }
}
