//! Rules about a file's text: its length, its head, what may not stand in it.

use super::{Finding, tree::Tree};

/// Lines of a Rust file that are not tests.
const MOST_LINES: usize = 500;

/// A file is short enough to be read at one sitting.
pub(crate) fn length(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, source) in tree.rust("").filter(|(file, _)| !file.is_test()) {
        let all = file.text.lines().count();
        let lines = source.tests_from.map_or(all, |from| from - 1);
        if lines > MOST_LINES {
            let advice =
                format!("{lines} lines, at most {MOST_LINES}: move a concept into a file of its own");
            found.push(Finding { path: file.path.clone(), line: lines, rule: "length", advice });
        }
    }
}

/// Every Rust file begins with what it is and what it must not do.
pub(crate) fn head(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, _) in tree.rust("") {
        if !file.text.starts_with("//!") {
            let advice = "begin with `//!`: what this file is and what it must not do".to_owned();
            found.push(Finding { path: file.path.clone(), line: 1, rule: "head", advice });
        }
    }
}

/// A test runs and says what it expects.
pub(crate) fn skipped_tests(tree: &Tree, found: &mut Vec<Finding>) {
    for (file, source) in tree.rust("") {
        for (line, code) in source.lines() {
            let advice = if code.contains("#[ignore") {
                "no skipped tests: make it run, or delete it"
            } else if code.contains("#[should_panic") {
                "assert on the error that is returned, not on a panic"
            } else {
                continue;
            };
            let advice = advice.to_owned();
            found.push(Finding { path: file.path.clone(), line, rule: "tests", advice });
        }
    }
}

/// Words that promise later work.
const PROMISES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Work left open names its issue.
pub(crate) fn open_ends(tree: &Tree, found: &mut Vec<Finding>) {
    let mut report = |path: &str, line: usize, text: &str| {
        for word in PROMISES {
            let numbered = text.split_once(word).and_then(|(_, after)| after.strip_prefix("(#"));
            let numbered = numbered.is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()));
            if has_word(text, word) && !numbered {
                let advice = format!("write `{word}(#issue)`, or do it");
                found.push(Finding { path: path.to_owned(), line, rule: "open-end", advice });
            }
        }
    };
    for file in &tree.files {
        if let Some(source) = &file.rust {
            for comment in &source.comments {
                report(&file.path, comment.line, &comment.text);
            }
        } else if !["md", "lock", "json"].iter().any(|ending| file.ends_in(ending)) {
            for (index, line) in file.text.lines().enumerate() {
                report(&file.path, index + 1, line);
            }
        }
    }
}

/// Folders of one machine, and addresses of package registries, as they would be written.
const PLACES: [&str; 10] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/tmp/", "brief"),
    concat!("/tmp/", "peers"),
    concat!("registry.", "npmjs.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("pypi.", "org/simple"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
];

/// Nothing in the tree depends on the machine or the mirror it was written on.
pub(crate) fn places(tree: &Tree, found: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (index, line) in file.text.lines().enumerate() {
            for place in PLACES {
                if stands_alone(line, place) {
                    let advice = format!("`{place}` is a place of one machine or registry: take it out");
                    found.push(Finding { path: file.path.clone(), line: index + 1, rule: "place", advice });
                }
            }
        }
    }
    lock_sources(tree, found);
}

/// `Cargo.lock` takes every package from the public index, none from a mirror or a repository.
fn lock_sources(tree: &Tree, found: &mut Vec<Finding>) {
    const PUBLIC: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    for file in tree.files.iter().filter(|file| file.path.ends_with("Cargo.lock")) {
        for (index, line) in file.text.lines().enumerate() {
            if line.starts_with("source = ") && line != PUBLIC {
                let advice = format!("only the public index may be named, not `{line}`");
                found.push(Finding { path: file.path.clone(), line: index + 1, rule: "place", advice });
            }
        }
    }
}

/// How secrets of known platforms begin, and how many characters must follow to look like one.
const SECRETS: [(&str, usize); 9] = [
    (concat!("xo", "xb-"), 10),
    (concat!("xo", "xp-"), 10),
    (concat!("gh", "p_"), 20),
    (concat!("gho", "_"), 20),
    (concat!("github", "_pat_"), 20),
    (concat!("sk_", "live_"), 10),
    (concat!("sk_", "test_"), 10),
    (concat!("AK", "IA"), 16),
    (concat!("ntn", "_"), 20),
];

/// No text looks like a secret, not even a made-up one: scanners cannot tell.
pub(crate) fn secrets(tree: &Tree, found: &mut Vec<Finding>) {
    for file in &tree.files {
        for (index, line) in file.text.lines().enumerate() {
            for (prefix, length) in SECRETS {
                let follows = line.split(prefix).skip(1).any(|after| {
                    after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').count() >= length
                });
                if follows {
                    let advice = format!("`{prefix}…` looks like a secret: put it together at run time");
                    found.push(Finding { path: file.path.clone(), line: index + 1, rule: "secret", advice });
                }
            }
        }
    }
}

/// Whether the word stands in the text with no letter, digit or underscore beside it.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let after = after.strip_prefix(word).unwrap_or(after);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// Whether a path or host stands in the text on its own, not as the end of a longer one.
fn stands_alone(text: &str, place: &str) -> bool {
    let joined = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}');
    text.match_indices(place).any(|(at, _)| !text.split_at(at).0.ends_with(joined))
}
