//! Holding raw JSON text against a compiled schema, every problem at once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::{Kind, Others, Schema};
use crate::arguments::ArgumentProblem;
use crate::definition::members::escape;
use crate::nearest::nearest;
use crate::scan;

/// Problems reported at most; a hostile argument must not make a report of its own size.
const MAX_PROBLEMS: usize = 50;

/// A place inside the arguments, linked upwards so that a path is only spelt out for a problem.
#[derive(Clone, Copy)]
pub(crate) enum Spot<'a> {
    Root,
    Member(&'a Spot<'a>, &'a str),
    Item(&'a Spot<'a>, usize),
}

impl Spot<'_> {
    pub(crate) fn pointer(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write(text);
                text.push('/');
                text.push_str(&escape(name));
            }
            Self::Item(parent, index) => {
                parent.write(text);
                let _ = write!(text, "/{index}");
            }
        }
    }
}

/// Collected problems, bounded.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) problems: Vec<ArgumentProblem>,
}

impl Report {
    /// A value that is not what was expected.
    pub(crate) fn add(&mut self, spot: &Spot<'_>, expected: impl Into<String>, json: Option<&str>) {
        self.add_with(spot, expected.into(), json, None);
    }

    /// A required value that is not there.
    pub(crate) fn missing(&mut self, spot: &Spot<'_>) {
        let path = spot.pointer();
        let message = format!("{path}: is required and missing");
        self.push(ArgumentProblem {
            path,
            expected: "a value".to_owned(),
            got: None,
            message,
            suggestion: None,
        });
    }

    /// A name that nothing has.
    pub(crate) fn unknown<'c>(&mut self, spot: &Spot<'_>, name: &str, known: impl Iterator<Item = &'c str>) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let path = spot.pointer();
        let suggestion = nearest(name, known).map(str::to_owned);
        let hint = suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean {name}?"));
        let message = format!("{path}: there is no such name{hint}");
        self.push(ArgumentProblem {
            path,
            expected: "a known name".to_owned(),
            got: None,
            message,
            suggestion,
        });
    }

    fn add_with(
        &mut self,
        spot: &Spot<'_>,
        expected: String,
        json: Option<&str>,
        suggestion: Option<String>,
    ) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let path = spot.pointer();
        let got = json.map(describe);
        let place = if path.is_empty() { "arguments" } else { path.as_str() };
        let mut message = format!("{place}: expected {expected}");
        if let Some(got) = &got {
            let _ = write!(message, ", got {got}");
        }
        if let Some(suggestion) = &suggestion {
            let _ = write!(message, "; did you mean {suggestion}?");
        }
        self.push(ArgumentProblem { path, expected, got, message, suggestion });
    }

    fn push(&mut self, problem: ArgumentProblem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Checks one value. `json` must be valid JSON without white space around it.
pub(crate) fn check(schema: &Schema, json: &str, spot: &Spot<'_>, report: &mut Report) {
    let actual = kind_of(json);
    if let Some(kind) = schema.kind
        && !fits(kind, actual, json)
    {
        report.add(spot, kind.in_words(), Some(json));
        return;
    }
    if let Some(choices) = &schema.choices {
        check_choices(choices, json, spot, report);
    }
    match actual {
        Kind::String => check_string(schema, json, spot, report),
        Kind::Integer | Kind::Number => check_number(schema, json, spot, report),
        Kind::Array => check_list(schema, json, spot, report),
        Kind::Object => check_object(schema, json, spot, report),
        Kind::Boolean | Kind::Null => {}
    }
    check_combinations(schema, json, spot, report);
}

/// Whether a value fits, without a report.
pub(crate) fn accepts(schema: &Schema, json: &str) -> bool {
    let mut report = Report::default();
    check(schema, json, &Spot::Root, &mut report);
    report.problems.is_empty()
}

fn kind_of(json: &str) -> Kind {
    match json.as_bytes().first() {
        Some(b'"') => Kind::String,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

fn fits(wanted: Kind, actual: Kind, json: &str) -> bool {
    match (wanted, actual) {
        (Kind::Number, Kind::Number) => true,
        (Kind::Integer, Kind::Number) => is_integer(json),
        (wanted, actual) => wanted == actual,
    }
}

/// An integer in JSON Schema's sense: `1`, and also `1.0`.
fn is_integer(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    digits.bytes().all(|byte| byte.is_ascii_digit())
        || json.parse::<f64>().is_ok_and(|number| number.is_finite() && number.fract() == 0.0)
}

fn check_choices(choices: &[Value], json: &str, spot: &Spot<'_>, report: &mut Report) {
    let text = scan::string(json);
    let found = match &text {
        Some(text) => choices.iter().any(|choice| choice.as_str() == Some(text)),
        None => serde_json::from_str::<Value>(json)
            .is_ok_and(|value| choices.iter().any(|choice| same(choice, &value))),
    };
    if found {
        return;
    }
    let listed: Vec<String> = choices.iter().take(30).map(Value::to_string).collect();
    let more = if choices.len() > listed.len() { ", …" } else { "" };
    let near = text.and_then(|text| {
        nearest(&text, choices.iter().filter_map(Value::as_str)).map(|word| Value::from(word).to_string())
    });
    report.add_with(spot, format!("one of {}{more}", listed.join(", ")), Some(json), near);
}

/// Equality as JSON Schema means it: numbers by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        (left, right) => left == right,
    }
}

/// One text for all values that [`same`] holds equal.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => {
            number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}:{}", canonical(value))).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

fn check_string(schema: &Schema, json: &str, spot: &Spot<'_>, report: &mut Report) {
    if schema.min_length.is_none() && schema.max_length.is_none() && schema.pattern.is_none() {
        return;
    }
    let text = scan::string(json).unwrap_or(Cow::Borrowed(""));
    let length = text.chars().count() as u64;
    if let Some(least) = schema.min_length.filter(|least| length < *least) {
        report.add(spot, format!("at least {least} characters"), Some(json));
    }
    if let Some(most) = schema.max_length.filter(|most| length > *most) {
        report.add(spot, format!("at most {most} characters, not {length}"), Some(json));
    }
    if let Some(pattern) = schema.pattern.as_ref().filter(|pattern| !pattern.is_match(&text)) {
        report.add(spot, format!("a string that matches {}", pattern.as_str()), Some(json));
    }
}

fn check_number(schema: &Schema, json: &str, spot: &Spot<'_>, report: &mut Report) {
    let rules = &schema.number;
    let Ok(number) = json.parse::<f64>() else { return };
    if let Some(bound) = rules.minimum.filter(|bound| number < *bound) {
        report.add(spot, format!("a number of at least {bound}"), Some(json));
    }
    if let Some(bound) = rules.maximum.filter(|bound| number > *bound) {
        report.add(spot, format!("a number of at most {bound}"), Some(json));
    }
    if let Some(bound) = rules.exclusive_minimum.filter(|bound| number <= *bound) {
        report.add(spot, format!("a number above {bound}"), Some(json));
    }
    if let Some(bound) = rules.exclusive_maximum.filter(|bound| number >= *bound) {
        report.add(spot, format!("a number below {bound}"), Some(json));
    }
    if let Some(step) = rules.multiple_of.filter(|step| {
        let quotient = number / step;
        (quotient - quotient.round()).abs() > 1e-9
    }) {
        report.add(spot, format!("a multiple of {step}"), Some(json));
    }
}

fn check_list(schema: &Schema, json: &str, spot: &Spot<'_>, report: &mut Report) {
    let rules = &schema.list;
    let mut count = 0_usize;
    for (index, item) in scan::elements(json).enumerate() {
        count = index + 1;
        if let Some(items) = &rules.items {
            check(items, item, &Spot::Item(spot, index), report);
        }
    }
    if let Some(least) = rules.minimum.filter(|least| (count as u64) < *least) {
        report.add(spot, format!("at least {least} items, not {count}"), None);
    }
    if let Some(most) = rules.maximum.filter(|most| (count as u64) > *most) {
        report.add(spot, format!("at most {most} items, not {count}"), None);
    }
    if rules.unique {
        let mut seen = HashSet::new();
        let values = scan::elements(json).filter_map(|item| serde_json::from_str::<Value>(item).ok());
        let twice = values.into_iter().any(|value| !seen.insert(canonical(&value)));
        if twice {
            report.add(spot, "items that all differ", None);
        }
    }
}

fn check_object(schema: &Schema, json: &str, spot: &Spot<'_>, report: &mut Report) {
    let rules = &schema.object;
    let mut count = 0_u64;
    for (key, value) in scan::members(json) {
        count += 1;
        let Some(name) = scan::string(key) else { continue };
        let here = Spot::Member(spot, &name);
        if let Some((_, property)) = rules.properties.iter().find(|(property, _)| *property == name) {
            check(property, value, &here, report);
            continue;
        }
        match &rules.others {
            Others::Allowed => {}
            Others::Refused => {
                report.unknown(&here, &name, rules.properties.iter().map(|(property, _)| property.as_str()));
            }
            Others::Fit(schema) => check(schema, value, &here, report),
        }
    }
    for name in &rules.required {
        if scan::member(json, name).is_none() {
            report.missing(&Spot::Member(spot, name));
        }
    }
    if let Some(least) = rules.minimum.filter(|least| count < *least) {
        report.add(spot, format!("at least {least} members, not {count}"), None);
    }
    if let Some(most) = rules.maximum.filter(|most| count > *most) {
        report.add(spot, format!("at most {most} members, not {count}"), None);
    }
}

fn check_combinations(schema: &Schema, json: &str, spot: &Spot<'_>, report: &mut Report) {
    for part in &schema.all_of {
        check(part, json, spot, report);
    }
    if !schema.any_of.is_empty() && !schema.any_of.iter().any(|part| accepts(part, json)) {
        check_closest(&schema.any_of, json, spot, report);
    }
    if !schema.one_of.is_empty() {
        match schema.one_of.iter().filter(|part| accepts(part, json)).count() {
            1 => {}
            0 => check_closest(&schema.one_of, json, spot, report),
            _ => report.add(spot, "a value that fits exactly one of its forms, not several", Some(json)),
        }
    }
}

/// Reports what the alternative with the fewest problems says; of those whose type fits, if any does.
fn check_closest(parts: &[Schema], json: &str, spot: &Spot<'_>, report: &mut Report) {
    let actual = kind_of(json);
    let mut best: Option<Report> = None;
    for part in parts.iter().filter(|part| part.kind.is_none_or(|kind| fits(kind, actual, json))) {
        let mut own = Report::default();
        check(part, json, spot, &mut own);
        if best.as_ref().is_none_or(|best| own.problems.len() < best.problems.len()) {
            best = Some(own);
        }
    }
    if let Some(own) = best {
        let room = MAX_PROBLEMS.saturating_sub(report.problems.len());
        report.problems.extend(own.problems.into_iter().take(room));
    } else {
        let kinds: Vec<&str> = parts.iter().filter_map(|part| part.kind).map(Kind::in_words).collect();
        report.add(spot, kinds.join(" or "), Some(json));
    }
}

/// What came, in words, shortened: an answer must not repeat a large argument.
fn describe(json: &str) -> String {
    const MAX_CHARACTERS: usize = 60;
    match kind_of(json) {
        Kind::Array => "an array".to_owned(),
        Kind::Object => "an object".to_owned(),
        Kind::Boolean | Kind::Null => json.to_owned(),
        kind @ (Kind::String | Kind::Number | Kind::Integer) => {
            let mut shown: String = json.chars().take(MAX_CHARACTERS).collect();
            if shown.len() < json.len() {
                shown.push('…');
            }
            format!("{} {shown}", if kind == Kind::String { "the string" } else { "the number" })
        }
    }
}
