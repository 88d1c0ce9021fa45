//! Whether text is JSON (RFC 8259), in one pass and without recursion.

use super::{each, marks, word};

/// Levels of nesting. Deeper text is not taken for JSON, as few parsers would.
const MAX_DEPTH: usize = 512;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    /// A value, or the end of the array that has just begun.
    FirstItem,
    Key,
    /// A key, or the end of the object that has just begun.
    FirstKey,
    /// A comma or an end; at the outermost level, nothing.
    After,
}

/// Whether the text is one JSON value with white space around it at most.
pub(crate) fn is_valid(text: &str) -> bool {
    walk(text.as_bytes()).is_some()
}

fn walk(bytes: &[u8]) -> Option<()> {
    let mut open: Vec<u8> = Vec::with_capacity(16);
    let mut at = 0;
    let mut state = State::Value;
    loop {
        at = blanks(bytes, at);
        let Some(byte) = bytes.get(at) else {
            return (state == State::After && open.is_empty()).then_some(());
        };
        match (state, byte) {
            (State::FirstItem | State::After, b']') if open.last() == Some(&b'[') => {
                open.pop();
                at += 1;
                state = State::After;
            }
            (State::FirstKey | State::After, b'}') if open.last() == Some(&b'{') => {
                open.pop();
                at += 1;
                state = State::After;
            }
            (State::After, b',') => {
                state = if *open.last()? == b'{' { State::Key } else { State::Value };
                at += 1;
            }
            (State::After, _) => return None,
            (State::Key | State::FirstKey, _) => {
                at = blanks(bytes, string(bytes, at)?);
                at = (bytes.get(at) == Some(&b':')).then_some(at + 1)?;
                state = State::Value;
            }
            (State::Value | State::FirstItem, b'{' | b'[') => {
                if open.len() >= MAX_DEPTH {
                    return None;
                }
                open.push(*byte);
                at += 1;
                state = if *byte == b'{' { State::FirstKey } else { State::FirstItem };
            }
            (State::Value | State::FirstItem, b'"') => {
                at = string(bytes, at)?;
                state = State::After;
            }
            (State::Value | State::FirstItem, _) => {
                at = scalar(bytes, at)?;
                state = State::After;
            }
        }
    }
}

fn blanks(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The end of the string that starts at `start`.
fn string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = (bytes.get(start) == Some(&b'"')).then_some(start + 1)?;
    loop {
        if let Some(word) = word(bytes, at) {
            let control = word.wrapping_sub(each(b' ')) & !word & each(0x80);
            let found = marks(word, b'"') | marks(word, b'\\') | control;
            if found == 0 {
                at += 8;
                continue;
            }
            at += (found.trailing_zeros() / 8) as usize;
        }
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = escape(bytes, at + 1)?,
            byte if *byte < b' ' => return None,
            _ => at += 1,
        }
    }
}

fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => {
            let digits = bytes.get(at + 1..at + 5)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 5)
        }
        _ => None,
    }
}

fn scalar(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    for literal in [&b"true"[..], b"false", b"null"] {
        if rest.starts_with(literal) {
            return Some(at + literal.len());
        }
    }
    number(bytes, at)
}

fn number(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(bytes, at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits(bytes, at + 1 + usize::from(signed))?;
    }
    Some(at)
}

/// The end of at least one digit.
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    (at > start).then_some(at)
}
