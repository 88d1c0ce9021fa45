//! Percent-encoding of values for their place: path segments, query and form pairs, headers.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::base::is_dots;
use crate::definition::Style;
use crate::scan;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends a path parameter. An error is the clause that says why the value cannot stand in a path.
pub(crate) fn push_path(out: &mut String, json: &str, style: Style) -> Result<(), &'static str> {
    let value = flat(json, style)?;
    let hidden = hidden_separators(&value)?;
    let split = matches!(style, Style::Segments | Style::EncodedSlash);
    if hidden || (!split && value.contains('/')) {
        return Err("must not contain a slash");
    }
    if value.contains('\\') || value.chars().any(char::is_control) {
        return Err("must not contain backslashes or control characters");
    }
    for (index, segment) in value.split('/').enumerate() {
        if segment.is_empty() {
            return Err("must not be empty or have empty parts");
        }
        if is_dots(segment)
            || percent_decode_str(segment).decode_utf8_lossy().chars().all(|letter| letter == '.')
        {
            return Err("must not be made of dots");
        }
        if index > 0 {
            out.push_str(if style == Style::Segments { "/" } else { "%2F" });
        }
        out.extend(utf8_percent_encode(segment, RESERVED));
    }
    Ok(())
}

/// Whether percent signs in the value hide a slash from whoever decodes once more than we encode.
fn hidden_separators(value: &str) -> Result<bool, &'static str> {
    let mut text = Cow::Borrowed(value);
    for _ in 0..4 {
        if !text.contains('%') {
            return Ok(false);
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == *text {
            return Ok(false);
        }
        if decoded.matches('/').count() > value.matches('/').count() || decoded.contains('\\') {
            return Ok(true);
        }
        if decoded.split('/').any(is_dots) || decoded.chars().any(char::is_control) {
            return Err("must not hide dots or control characters behind percent signs");
        }
        text = Cow::Owned(decoded);
    }
    Err("must not be percent-encoded several times")
}

/// One text for a value: a scalar, or a list in a delimited style.
pub(crate) fn flat(json: &str, style: Style) -> Result<Cow<'_, str>, &'static str> {
    if let Some(text) = scan::scalar_text(json) {
        return Ok(text);
    }
    let separator = match style {
        Style::Json => return Ok(Cow::Borrowed(json)),
        Style::SpaceDelimited => " ",
        Style::PipeDelimited => "|",
        Style::Repeat
        | Style::Brackets
        | Style::EmptyBrackets
        | Style::CommaSeparated
        | Style::Segments
        | Style::EncodedSlash => ",",
    };
    let mut parts = Vec::new();
    for (key, value) in scan::members(json) {
        parts.push(scan::string(key).ok_or("must be plain")?);
        parts.push(scan::scalar_text(value).ok_or("must not be nested")?);
    }
    for item in scan::elements(json) {
        parts.push(scan::scalar_text(item).ok_or("must not be nested")?);
    }
    if json.starts_with('n') {
        return Err("must not be null");
    }
    Ok(Cow::Owned(parts.join(separator)))
}

/// `name=value` pairs, `&` between them.
pub(crate) struct Pairs<'o> {
    out: &'o mut String,
    first: bool,
    plus: bool,
}

impl<'o> Pairs<'o> {
    /// A query string: blanks are `%20`.
    pub(crate) fn query(out: &'o mut String) -> Self {
        Self { out, first: true, plus: false }
    }

    /// A form body (`application/x-www-form-urlencoded`): blanks are `+`.
    pub(crate) fn form(out: &'o mut String) -> Self {
        Self { out, first: true, plus: true }
    }

    /// Starts the next pair with a separator of its own, for appending to existing pairs.
    pub(crate) fn continued(mut self) -> Self {
        self.first = false;
        self
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.first
    }

    pub(crate) fn pair(&mut self, name: &str, value: &str) {
        if !self.first {
            self.out.push('&');
        }
        self.first = false;
        self.text(name);
        self.out.push('=');
        self.text(value);
    }

    fn text(&mut self, text: &str) {
        for part in utf8_percent_encode(text, RESERVED) {
            self.out.push_str(if self.plus && part == "%20" { "+" } else { part });
        }
    }

    /// All pairs of one parameter. Null says nothing here and is left out.
    pub(crate) fn value(&mut self, name: &str, json: &str, style: Style) -> Result<(), &'static str> {
        if let Some(text) = scan::scalar_text(json) {
            self.pair(name, &text);
            return Ok(());
        }
        if json.starts_with('n') {
            return Ok(());
        }
        match style {
            Style::Repeat | Style::Brackets | Style::EmptyBrackets => self.nested(name, json, style),
            Style::CommaSeparated
            | Style::SpaceDelimited
            | Style::PipeDelimited
            | Style::Json
            | Style::Segments
            | Style::EncodedSlash => {
                let text = flat(json, style)?;
                self.pair(name, &text);
                Ok(())
            }
        }
    }

    fn nested(&mut self, name: &str, json: &str, style: Style) -> Result<(), &'static str> {
        for (key, value) in scan::members(json) {
            let key = scan::string(key).ok_or("has a member name that cannot be read")?;
            if key.contains(['[', ']']) {
                return Err("must not have brackets in its member names");
            }
            self.value(&format!("{name}[{key}]"), value, style)?;
        }
        for (index, item) in scan::elements(json).enumerate() {
            let scalar = !item.starts_with(['{', '[']);
            let inner = match style {
                Style::Repeat if scalar => name.to_owned(),
                Style::EmptyBrackets if scalar => format!("{name}[]"),
                Style::Repeat
                | Style::Brackets
                | Style::EmptyBrackets
                | Style::CommaSeparated
                | Style::SpaceDelimited
                | Style::PipeDelimited
                | Style::Json
                | Style::Segments
                | Style::EncodedSlash => format!("{name}[{index}]"),
            };
            self.value(&inner, item, style)?;
        }
        Ok(())
    }
}
