//! Takes a Rust file apart into code, comments and string literals, so that a rule about code is not
//! fooled by a comment or a message. It does not parse: it knows only where literals and comments end.

/// A piece of text and the line (from 1) that it begins on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A file, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The code with the same lines; literals are `""` or `' '`, comments are gone.
    pub(crate) code: String,
    pub(crate) comments: Vec<Piece>,
    /// The literals as they are written, without quotes.
    pub(crate) strings: Vec<Piece>,
    /// The line on which an inline test module begins, if there is one; the tests end the file.
    pub(crate) tests_from: Option<usize>,
}

impl Source {
    /// The lines of code, numbered from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether the line belongs to the file's own test module.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.tests_from.is_some_and(|from| line >= from)
    }
}

/// Takes the text of a Rust file apart.
pub(crate) fn split(text: &str) -> Source {
    let mut lexer = Lexer { rest: text.chars().collect(), at: 0, line: 1, out: Source::default() };
    while lexer.step() {}
    let mut source = lexer.out;
    source.tests_from = inline_tests(&source.code);
    source
}

fn inline_tests(code: &str) -> Option<usize> {
    let lines: Vec<&str> = code.lines().collect();
    let marked = lines.iter().position(|line| {
        let line = line.trim();
        line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test")
    });
    let opens_module = |line: &&str| line.contains("mod ") && line.trim_end().ends_with('{');
    marked.filter(|index| lines.iter().skip(*index).take(3).any(opens_module)).map(|i| i + 1)
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
    line: usize,
    out: Source,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    /// Moves on by one character; line breaks stay in the code so that lines keep their numbers.
    fn advance(&mut self) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        if next == '\n' {
            self.line += 1;
            self.out.code.push('\n');
        }
        Some(next)
    }

    fn step(&mut self) -> bool {
        let Some(next) = self.peek(0) else { return false };
        match (next, self.peek(1)) {
            ('/', Some('/')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('r' | 'b' | 'c', _) if !self.inside_word() && self.raw_hashes().is_some() => self.raw_string(),
            ('\'', _) => self.quote(),
            ('\n', _) => {
                self.advance();
            }
            (other, _) => {
                self.at += 1;
                self.out.code.push(other);
            }
        }
        true
    }

    fn inside_word(&self) -> bool {
        self.at > 0 && self.rest.get(self.at - 1).is_some_and(|c| c.is_alphanumeric() || *c == '_')
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while let Some(next) = self.peek(0).filter(|c| *c != '\n') {
            text.push(next);
            self.at += 1;
        }
        self.out.comments.push(Piece { line, text });
    }

    fn block_comment(&mut self) {
        let line = self.line;
        let (mut text, mut depth) = (String::new(), 0_usize);
        while let Some(next) = self.peek(0) {
            let pair = (next, self.peek(1));
            if pair == ('/', Some('*')) {
                depth += 1;
            }
            let ends = pair == ('*', Some('/'));
            text.extend(self.advance());
            if ends {
                text.extend(self.advance());
                depth -= 1;
            }
            if depth == 0 {
                break;
            }
        }
        self.out.comments.push(Piece { line, text });
    }

    fn string(&mut self) {
        let line = self.line;
        let mut text = String::new();
        self.out.code.push_str("\"\"");
        self.at += 1;
        while let Some(next) = self.advance() {
            match next {
                '"' => break,
                '\\' => {
                    text.push('\\');
                    text.extend(self.advance());
                }
                other => text.push(other),
            }
        }
        self.out.strings.push(Piece { line, text });
    }

    /// For `r"`, `br##"` and the like: how long the prefix is and how many hashes close the literal.
    fn raw_hashes(&self) -> Option<(usize, usize)> {
        let letters = if self.peek(0) == Some('r') { 1 } else { 2 };
        if self.peek(letters - 1) != Some('r') {
            return None;
        }
        let after_letters = self.rest.iter().skip(self.at + letters);
        let hashes = after_letters.take_while(|c| **c == '#').count();
        (self.peek(letters + hashes) == Some('"')).then_some((letters + hashes + 1, hashes))
    }

    fn raw_string(&mut self) {
        let Some((prefix, hashes)) = self.raw_hashes() else { return };
        let line = self.line;
        let mut text = String::new();
        self.out.code.push_str("\"\"");
        self.at += prefix;
        while let Some(next) = self.advance() {
            if next == '"' && (0..hashes).all(|i| self.peek(i) == Some('#')) {
                self.at += hashes;
                break;
            }
            text.push(next);
        }
        self.out.strings.push(Piece { line, text });
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            self.at += 1;
            self.out.code.push('\'');
            return;
        }
        self.out.code.push_str("' '");
        self.at += if escaped { 3 } else { 2 };
        while self.advance().is_some_and(|next| next != '\'') {}
    }
}
