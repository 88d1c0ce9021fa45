//! A JSON scanner that checks grammar, depth and escapes in one pass and copies nothing.
//!
//! It finds the members of an object by exact name and remembers where their values lie; it builds no
//! tree. Must not know what the members mean.

use std::borrow::Cow;

use serde::Deserialize;

/// Deepest nesting of arrays and objects that is read; serde's own limit is 128.
pub const MAX_DEPTH: u32 = 100;

/// A piece of text that has been checked to be one JSON value, borrowed from the request.
///
/// Every `\u` escape in it denotes a character, and nesting is at most [`MAX_DEPTH`]. Numbers may still
/// be too large for a machine type, so [`Json::parse`] can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// The text, without surrounding white space.
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Reads the value into a type.
    pub fn parse<T: Deserialize<'a>>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0)
    }

    /// Checks a text, for values that did not come from a request.
    pub fn check(text: &'a str) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        scanner.skip_space();
        let value = scanner.value(0).ok()?;
        scanner.skip_space();
        scanner.at_end().then_some(value)
    }

    /// Whether the value is an object.
    pub fn is_object(self) -> bool {
        self.first() == b'{'
    }

    /// Whether the value is a string.
    pub fn is_string(self) -> bool {
        self.first() == b'"'
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.first() == b'n'
    }

    /// Whether the value is a number written as an integer, without fraction or exponent.
    pub fn is_integer(self) -> bool {
        self.is_number() && !self.0.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
    }

    /// Whether the value is a number.
    pub fn is_number(self) -> bool {
        matches!(self.first(), b'-' | b'0'..=b'9')
    }

    /// The string, borrowed unless it has escapes; `None` for other kinds of value.
    pub fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        // Inside the quotes of a checked string only an escape ends a plain run.
        if plain_run(inner.as_bytes()) < inner.len() {
            serde_json::from_str(self.0).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// `true` or `false`; `None` for other kinds of value.
    pub fn boolean(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    fn first(self) -> u8 {
        self.0.as_bytes().first().copied().unwrap_or_default()
    }
}

/// Why a text could not be scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Syntax,
    TooDeep,
}

/// Why an object's members cannot be trusted although it is JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ambiguity {
    /// The member appears twice.
    Repeated(&'static str),
    /// A member differs from this one only by case.
    Miscased(&'static str),
}

/// The values of an object's known members, in the order of their names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a, const N: usize> {
    pub(crate) values: [Option<Json<'a>>; N],
    pub(crate) ambiguity: Option<Ambiguity>,
}

impl<'a, const N: usize> Members<'a, N> {
    pub(crate) const NONE: Self = Self { values: [None; N], ambiguity: None };

    pub(crate) fn get(&self, index: usize) -> Option<Json<'a>> {
        self.values.get(index).copied().flatten()
    }
}

/// A place in a text.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) const fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes this byte if it is next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Passes one value and returns its text.
    pub(crate) fn value(&mut self, depth: u32) -> Result<Json<'a>, Fault> {
        let start = self.at;
        self.skip(depth)?;
        self.since(start)
    }

    /// Passes an object, keeping the values of the members that have these names in `members`.
    ///
    /// `dive` passes the value of a known member; it may look into it on the way.
    pub(crate) fn members<const N: usize>(
        &mut self,
        names: &[&'static str; N],
        members: &mut Members<'a, N>,
        depth: u32,
        mut dive: impl FnMut(&mut Self, usize, u32) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let depth = self.open(b'{', depth)?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            let start = self.at;
            let Some(index) = names.iter().position(|name| *name == key) else {
                let miscased = names.iter().find(|name| name.eq_ignore_ascii_case(&key));
                members.ambiguity = members.ambiguity.or(miscased.map(|name| Ambiguity::Miscased(name)));
                self.skip(depth)?;
                if self.closes(b'}')? {
                    return Ok(());
                }
                continue;
            };
            dive(self, index, depth)?;
            let value = self.since(start)?;
            if let (Some(slot), Some(name)) = (members.values.get_mut(index), names.get(index))
                && slot.replace(value).is_some()
            {
                members.ambiguity = members.ambiguity.or(Some(Ambiguity::Repeated(name)));
            }
            if self.closes(b'}')? {
                return Ok(());
            }
        }
    }

    /// Passes one value.
    pub(crate) fn skip(&mut self, depth: u32) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => self.skip_object(depth),
            Some(b'[') => self.skip_array(depth),
            Some(b'"') => self.skip_string().map(drop),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.skip_number(),
            Some(_) | None => Err(Fault::Syntax),
        }
    }

    /// Passes an opening bracket and the space after it; the depth inside.
    pub(crate) fn open(&mut self, bracket: u8, depth: u32) -> Result<u32, Fault> {
        if !self.take(bracket) {
            return Err(Fault::Syntax);
        }
        if depth >= MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.skip_space();
        Ok(depth + 1)
    }

    /// After a member or element: passes a comma (`false`) or the closing bracket (`true`).
    pub(crate) fn closes(&mut self, bracket: u8) -> Result<bool, Fault> {
        self.skip_space();
        if self.take(b',') {
            self.skip_space();
            return Ok(false);
        }
        if self.take(bracket) { Ok(true) } else { Err(Fault::Syntax) }
    }

    fn skip_object(&mut self, depth: u32) -> Result<(), Fault> {
        let depth = self.open(b'{', depth)?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.skip_string()?;
            self.colon()?;
            self.skip(depth)?;
            if self.closes(b'}')? {
                return Ok(());
            }
        }
    }

    fn skip_array(&mut self, depth: u32) -> Result<(), Fault> {
        let depth = self.open(b'[', depth)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.skip(depth)?;
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        let escaped = self.skip_string()?;
        let key = if escaped {
            self.since(start)?.string()
        } else {
            self.text.get(start + 1..self.at - 1).map(Cow::Borrowed)
        };
        self.colon()?;
        key.ok_or(Fault::Syntax)
    }

    fn colon(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if !self.take(b':') {
            return Err(Fault::Syntax);
        }
        self.skip_space();
        Ok(())
    }

    fn since(&self, start: usize) -> Result<Json<'a>, Fault> {
        self.text.get(start..self.at).map(Json).ok_or(Fault::Syntax)
    }

    fn literal(&mut self, word: &str) -> Result<(), Fault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Fault::Syntax);
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes a string; whether it has escapes.
    fn skip_string(&mut self) -> Result<bool, Fault> {
        if !self.take(b'"') {
            return Err(Fault::Syntax);
        }
        let mut escaped = false;
        loop {
            self.at += plain_run(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) | None => return Err(Fault::Syntax),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                match self.hex()? {
                    0xD800..=0xDBFF => self.low_surrogate(),
                    0xDC00..=0xDFFF => Err(Fault::Syntax),
                    _ => Ok(()),
                }
            }
            Some(_) | None => Err(Fault::Syntax),
        }
    }

    fn low_surrogate(&mut self) -> Result<(), Fault> {
        if !(self.take(b'\\') && self.take(b'u')) {
            return Err(Fault::Syntax);
        }
        match self.hex()? {
            0xDC00..=0xDFFF => Ok(()),
            _ => Err(Fault::Syntax),
        }
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Fault::Syntax)?;
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }

    fn skip_number(&mut self) -> Result<(), Fault> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(Fault::Syntax) } else { Ok(()) }
    }
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// How many leading bytes are neither `"`, `\` nor control characters.
///
/// Names are short and are looked at eight bytes at once, texts are long and are looked at in blocks.
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let stop = stops(u64::from_le_bytes(*word));
        if stop != 0 {
            return at + (stop.trailing_zeros() / 8) as usize;
        }
        at += 8;
        if at == 24 {
            at += plain_blocks(bytes.get(at..).unwrap_or_default());
        }
    }
    let tail = bytes.get(at..).unwrap_or_default();
    at + tail.iter().position(|byte| ends_run(*byte) == 1).unwrap_or(tail.len())
}

/// How many leading bytes lie in blocks of 32 that have no byte that ends a run; compiles to vector code.
fn plain_blocks(bytes: &[u8]) -> usize {
    let (blocks, _rest) = bytes.as_chunks::<32>();
    let plain = |block: &&[u8; 32]| block.iter().fold(0, |found, byte| found | ends_run(*byte)) == 0;
    blocks.iter().take_while(plain).count() * 32
}

/// 1 for a byte that ends a plain run, else 0; numbers, since a chain of `||` would not become vector code.
fn ends_run(byte: u8) -> u8 {
    u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < 0x20)
}

/// The high bit of each byte that ends a plain run; bits above the lowest set one may be wrong.
const fn stops(word: u64) -> u64 {
    // Flipping bit 1 moves the quote, 0x22, next to the control characters, and nothing else.
    let quotes_and_controls = word ^ (ONES * 2);
    let escapes = word ^ (ONES * b'\\' as u64);
    (below(quotes_and_controls, 0x21) | below(escapes, 1)) & HIGHS
}

/// The high bit of each byte less than `limit`; exact up to and including the lowest such byte.
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word
}

#[cfg(test)]
mod tests;
