//! Who may know whom: between the rooms of the product crate, and between crates.

use super::{Finding, lexer::Source, tree::Tree};

/// Names that the files of a room must not use.
struct Edge {
    room: &'static str,
    forbidden: &'static [&'static str],
    advice: &'static str,
}

const EDGES: &[Edge] = &[
    Edge {
        room: "crates/permalloy/src/http/",
        forbidden: &[
            "store",
            "vault",
            "connector",
            "sqlx",
            "crate::outbound",
            "hyper::client",
            "hyper_util::client",
            "app.db",
            "app.vault",
            "app.outbound",
        ],
        advice: "http asks ops; it has no SQL, no secret, no connector logic and no way out",
    },
    Edge {
        room: "crates/permalloy/src/jobs/",
        forbidden: &["store", "vault", "connector", "sqlx", "crate::outbound", "crate::http"],
        advice: "a job is only a timer: what it does is an operation in ops",
    },
    Edge {
        room: "crates/permalloy/src/ops/",
        forbidden: &["crate::http", "crate::cli", "axum", "sqlx"],
        advice: "an operation is free of transport: put HTTP and the terminal on the other side",
    },
    Edge {
        room: "crates/permalloy/src/access/",
        forbidden: &["crate::http", "crate::cli", "crate::ops", "sqlx"],
        advice: "access decides who may; it does not do, and does not answer",
    },
    Edge {
        room: "crates/permalloy/",
        forbidden: &["sqlx", "reqwest"],
        advice: "SQL lives in the store crate, outgoing calls in outbound",
    },
    Edge {
        room: "crates/vault/src/",
        forbidden: &["std::fs", "std::net", "std::env", "tokio", "mcp", "connector", "store", "permalloy"],
        advice: "the vault turns bytes into bytes: no I/O, and no other crate of ours",
    },
    Edge {
        room: "crates/connector/src/",
        forbidden: &[
            "std::fs",
            "std::net",
            "std::env",
            "tokio",
            "hyper",
            "mcp",
            "store",
            "vault",
            "permalloy",
        ],
        advice: "the engine plans requests and reads answers; it reads no files and sends nothing",
    },
    Edge {
        room: "crates/mcp/src/",
        forbidden: &["std::fs", "std::net", "std::env", "tokio", "connector", "store", "vault", "permalloy"],
        advice: "messages only: no I/O, no policy",
    },
    Edge {
        room: "crates/store/src/",
        forbidden: &["axum", "hyper", "mcp", "connector", "vault", "permalloy"],
        advice: "the store keeps rows; it knows neither HTTP nor another crate of ours",
    },
];

/// Each room names only what it may know.
pub(crate) fn modules(tree: &Tree, found: &mut Vec<Finding>) {
    for edge in EDGES {
        for (file, source) in tree.rust(edge.room).filter(|(file, _)| !file.is_test()) {
            for (line, name) in names(source) {
                if source.is_test_line(line) || !edge.forbidden.iter().any(|prefix| is_below(&name, prefix)) {
                    continue;
                }
                let advice = format!("`{name}`: {}", edge.advice);
                found.push(Finding { path: file.path.clone(), line, rule: "edge", advice });
            }
        }
    }
}

fn is_below(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '.']))
}

/// Crates of ours that must not depend on each other.
const LEAVES: [&str; 4] = ["connector", "mcp", "store", "vault"];

/// A leaf depends on no crate of ours; nothing depends on the product.
pub(crate) fn crates(tree: &Tree, found: &mut Vec<Finding>) {
    for file in tree.below("crates/").filter(|file| file.path.ends_with("/Cargo.toml")) {
        let owner = file.path.split('/').nth(1).unwrap_or_default();
        for (index, line) in file.text.lines().enumerate() {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let leaf_on_leaf = LEAVES.contains(&owner) && LEAVES.contains(&dependency);
            if (leaf_on_leaf && dependency != owner) || dependency == "permalloy" {
                let advice =
                    format!("{owner} must not depend on {dependency}: only the product joins the leaves");
                found.push(Finding { path: file.path.clone(), line: index + 1, rule: "edge", advice });
            }
        }
    }
}

/// Every path that the code names: what `use` brings in, written out, and `a::b::c` where it stands;
/// and field chains that begin with `app.`.
fn names(source: &Source) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut words = Words::of(&source.code);
    while let Some((line, word)) = words.next() {
        if word == "use" {
            words.use_tree(line, "", &mut all);
        } else if word == "app" && words.peek() == Some(".") {
            words.next();
            let field = words.next().map(|(_, field)| field).unwrap_or_default();
            all.push((line, format!("app.{field}")));
        } else if is_name(word) && words.peek() == Some("::") {
            let path = words.path(word);
            all.push((line, path));
        }
    }
    all
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names and marks of the code, in order, each with its line.
struct Words<'a> {
    all: Vec<(usize, &'a str)>,
    at: usize,
}

impl<'a> Words<'a> {
    fn of(code: &'a str) -> Self {
        let mut all = Vec::new();
        for (index, line) in code.lines().enumerate() {
            let mut rest = line;
            while let Some(first) = rest.chars().next() {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                let length = if is_part(first) {
                    rest.find(|c| !is_part(c)).unwrap_or(rest.len())
                } else if rest.starts_with("::") {
                    2
                } else {
                    first.len_utf8()
                };
                let (word, after) = rest.split_at(length);
                if !first.is_whitespace() {
                    all.push((index + 1, word));
                }
                rest = after;
            }
        }
        Self { all, at: 0 }
    }

    fn peek(&self) -> Option<&'a str> {
        self.all.get(self.at).map(|(_, word)| *word)
    }

    fn next(&mut self) -> Option<(usize, &'a str)> {
        let next = self.all.get(self.at).copied();
        self.at += 1;
        next
    }

    /// The rest of `first::second::…`.
    fn path(&mut self, first: &str) -> String {
        let mut path = first.to_owned();
        while self.peek() == Some("::") {
            self.next();
            match self.peek().filter(|word| is_name(word)) {
                Some(word) => path = format!("{path}::{word}"),
                None => break,
            }
            self.next();
        }
        path
    }

    /// One tree of a `use`, up to its `,`, `}` or `;`.
    fn use_tree(&mut self, line: usize, prefix: &str, all: &mut Vec<(usize, String)>) {
        let mut path = prefix.to_owned();
        while let Some(word) = self.peek() {
            if matches!(word, "," | "}" | ";") {
                break;
            }
            self.next();
            match word {
                "::" | "self" if !path.is_empty() => {}
                "{" => return self.use_group(&path, all),
                "as" => {
                    self.next();
                }
                name if path.is_empty() => name.clone_into(&mut path),
                name => path = format!("{path}::{name}"),
            }
        }
        all.push((line, path));
    }

    fn use_group(&mut self, prefix: &str, all: &mut Vec<(usize, String)>) {
        while let Some((line, word)) = self.all.get(self.at).copied() {
            match word {
                "}" => {
                    self.next();
                    return;
                }
                "," => {
                    self.next();
                }
                ";" => return,
                _ => self.use_tree(line, prefix, all),
            }
        }
    }
}
