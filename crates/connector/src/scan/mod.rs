//! Walking over JSON text that is known to be valid, without building a tree.
//!
//! On text that is not valid nothing here panics or loops; iterators just end early.

mod valid;

use std::borrow::Cow;

pub(crate) use valid::is_valid;

/// A compiled JSON pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// Compiles `""` or `/a/b/0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { tokens: Vec::new() });
        }
        let rest = text.strip_prefix('/')?;
        Some(Self {
            tokens: rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect(),
        })
    }

    /// The value it points to.
    pub(crate) fn find<'j>(&self, json: &'j str) -> Option<&'j str> {
        let mut at = json.trim_ascii();
        for token in &self.tokens {
            at = match at.as_bytes().first()? {
                b'{' => member(at, token)?,
                b'[' => elements(at).nth(token.parse().ok()?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The value it points to, as text: a string's content, a number or boolean as written.
    pub(crate) fn find_text<'j>(&self, json: &'j str) -> Option<Cow<'j, str>> {
        scalar_text(self.find(json)?)
    }
}

/// A string's content, a number or boolean as written; nothing for null, lists and objects.
pub(crate) fn scalar_text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => string(json),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(json)),
    }
}

/// The content of a JSON string.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr_backslash(inner.as_bytes()) {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

fn memchr_backslash(bytes: &[u8]) -> bool {
    bytes.contains(&b'\\')
}

/// The value of an object's member; the last one where a name is there twice, as most parsers do.
pub(crate) fn member<'j>(object: &'j str, name: &str) -> Option<&'j str> {
    members(object).filter(|(key, _)| key_is(key, name)).last().map(|(_, value)| value)
}

/// Whether a raw key (with its quotes) is a name.
pub(crate) fn key_is(key: &str, name: &str) -> bool {
    let Some(inner) = key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    inner == name || (memchr_backslash(inner.as_bytes()) && string(key).is_some_and(|key| key == name))
}

/// An object's members: raw key with its quotes, and raw value. Empty for anything but an object.
pub(crate) fn members(json: &str) -> Members<'_> {
    let rest = json.trim_ascii_start();
    Members {
        walk: Walk { json: rest, at: usize::from(rest.starts_with('{')), ended: !rest.starts_with('{') },
    }
}

/// An array's raw elements. Empty for anything but an array.
pub(crate) fn elements(json: &str) -> Elements<'_> {
    let rest = json.trim_ascii_start();
    Elements {
        walk: Walk { json: rest, at: usize::from(rest.starts_with('[')), ended: !rest.starts_with('[') },
    }
}

struct Walk<'j> {
    json: &'j str,
    at: usize,
    ended: bool,
}

impl<'j> Walk<'j> {
    /// The next value, past white space and one of the separators.
    fn value(&mut self) -> Option<&'j str> {
        let bytes = self.json.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => self.at += 1,
                b']' | b'}' => break,
                _ => {
                    let start = self.at;
                    self.at = skip(bytes, start);
                    return (self.at > start).then(|| self.json.get(start..self.at)).flatten();
                }
            }
        }
        self.ended = true;
        None
    }
}

pub(crate) struct Members<'j> {
    walk: Walk<'j>,
}

impl<'j> Iterator for Members<'j> {
    type Item = (&'j str, &'j str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.walk.ended {
            return None;
        }
        let key = self.walk.value()?;
        let value = self.walk.value()?;
        Some((key, value))
    }
}

pub(crate) struct Elements<'j> {
    walk: Walk<'j>,
}

impl<'j> Iterator for Elements<'j> {
    type Item = &'j str;

    fn next(&mut self) -> Option<Self::Item> {
        if self.walk.ended { None } else { self.walk.value() }
    }
}

/// The end of the value that starts at `at`.
fn skip(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => skip_string(bytes, at),
        Some(b'{' | b'[') => skip_container(bytes, at),
        Some(_) => {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n' | b':'));
            at + length.unwrap_or(rest.len())
        }
        None => at,
    }
}

/// A word of eight times the same byte.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Marks the bytes of a word that equal one byte; the lowest mark is always right, which is all that is used.
const fn marks(word: u64, byte: u8) -> u64 {
    let zero = word ^ each(byte);
    zero.wrapping_sub(each(1)) & !zero & each(0x80)
}

/// The next eight bytes, if there are as many.
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let chunk = bytes.get(at..at.checked_add(8)?)?;
    chunk.try_into().ok().map(u64::from_le_bytes)
}

fn skip_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        if let Some(word) = word(bytes, at) {
            let found = marks(word, b'"') | marks(word, b'\\');
            if found == 0 {
                at += 8;
                continue;
            }
            at += (found.trailing_zeros() / 8) as usize;
        }
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

fn skip_container(bytes: &[u8], start: usize) -> usize {
    /// With these bits the four brackets are alike, and like nothing else outside of strings.
    const ALIKE: u64 = each(0xD9);
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        if let Some(word) = word(bytes, at) {
            let found = marks(word, b'"') | marks(word & ALIKE, 0x59);
            if found == 0 {
                at += 8;
                continue;
            }
            at += (found.trailing_zeros() / 8) as usize;
        }
        match bytes.get(at) {
            Some(b'"') => {
                at = skip_string(bytes, at);
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            Some(_) => {}
            None => return bytes.len(),
        }
        at += 1;
    }
}

/// A text around one of its own parts: what stands before, the part, what stands after.
pub(crate) fn around<'j>(whole: &'j str, part: &'j str) -> Option<(&'j str, &'j str, &'j str)> {
    let start = offset(whole, part)?;
    let end = start + part.len();
    Some((whole.get(..start)?, whole.get(start..end)?, whole.get(end..)?))
}

/// Where a part of a text begins in it.
pub(crate) fn offset(whole: &str, part: &str) -> Option<usize> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (start + part.len() <= whole.len()).then_some(start)
}

#[cfg(test)]
mod tests;
