//! Text to a tree that remembers where everything stood, so that every later problem can name line and path.
//!
//! YAML (1.2, core schema, one document) and JSON. Total on any text: size, depth, number of nodes and alias
//! expansion are bounded while reading, not afterwards.

use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span};

use super::Problem;

/// How much a text may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    /// Levels of nesting.
    pub(crate) depth: usize,
    /// Values, those copied by aliases included.
    pub(crate) nodes: usize,
}

/// For definitions, fixtures and differences.
const DEFINITION: Limits = Limits { bytes: 2 * 1024 * 1024, depth: 64, nodes: 500_000 };

/// A value and where it stood.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) spot: Spot,
    pub(crate) data: Data,
}

/// Line and column, from 1; zero where unknown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    line: usize,
    column: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) spot: Spot,
    pub(crate) text: String,
}

impl Spot {
    fn of(span: &Span) -> Self {
        Self { line: span.start.line(), column: span.start.col().saturating_add(1) }
    }

    pub(crate) fn problem(self, path: &str, message: impl Into<String>) -> Problem {
        Problem {
            line: (self.line > 0).then_some(self.line),
            column: (self.line > 0).then_some(self.column),
            path: path.to_owned(),
            message: message.into(),
        }
    }
}

impl Node {
    /// Reads one document.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        Self::parse_within(text, DEFINITION)
    }

    /// Reads one document of another size.
    pub(crate) fn parse_within(text: &str, limits: Limits) -> Result<Self, Vec<Problem>> {
        if text.len() > limits.bytes {
            return Err(vec![Spot::default().problem("", format!("larger than {} bytes", limits.bytes))]);
        }
        let mut builder = Builder::new(limits);
        let mut options = Options::default();
        options.block_nesting_limit = limits.depth + 1;
        options.flow_nesting_limit = limits.depth + 1;
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, span)) => {
                    builder.event(event, Spot::of(&span)).map_err(|problem| vec![problem])?;
                }
                Err(error) => return Err(vec![scan_problem(&error)]),
            }
        }
        match (builder.root, builder.problems.is_empty()) {
            (Some(root), true) => Ok(root),
            (Some(_), false) => Err(builder.problems),
            (None, _) => Err(vec![Spot::default().problem("", "the document is empty")]),
        }
    }

    /// In words, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::Text(_) => "a string",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    /// The same value without places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(flag) => Value::Bool(*flag),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Data::Map(entries) => {
                let members: Map<String, Value> =
                    entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect();
                Value::Object(members)
            }
        }
    }

    fn size(&self) -> usize {
        match &self.data {
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) => 1,
            Data::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Data::Map(entries) => 1 + entries.iter().map(|(_, node)| 1 + node.size()).sum::<usize>(),
        }
    }

    fn depth(&self) -> usize {
        match &self.data {
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) => 0,
            Data::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Data::Map(entries) => 1 + entries.iter().map(|(_, node)| node.depth()).max().unwrap_or(0),
        }
    }
}

fn scan_problem(error: &ScanError) -> Problem {
    let spot = Spot { line: error.marker().line(), column: error.marker().col().saturating_add(1) };
    spot.problem("", format!("not YAML: {}", error.kind()))
}

/// A container that is still open.
struct Open {
    anchor: usize,
    node: Node,
    /// A mapping's key that waits for its value.
    key: Option<Key>,
}

struct Builder {
    limits: Limits,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    nodes: usize,
    problems: Vec<Problem>,
}

impl Builder {
    const fn new(limits: Limits) -> Self {
        Self { limits, root: None, open: Vec::new(), anchors: Vec::new(), nodes: 0, problems: Vec::new() }
    }

    /// Takes one event. An error here ends the reading; smaller problems are collected.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser may add presentation events, which say nothing"
    )]
    fn event(&mut self, event: Event<'_>, spot: Spot) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    self.problems.push(spot.problem("", "tags are not used here"));
                }
                let data = match style {
                    ScalarStyle::Plain => plain(&text),
                    ScalarStyle::SingleQuoted
                    | ScalarStyle::DoubleQuoted
                    | ScalarStyle::Literal
                    | ScalarStyle::Folded => Data::Text(text.into_owned()),
                };
                self.value(Node { spot, data }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.start(Node { spot, data: Data::List(Vec::new()) }, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                self.start(Node { spot, data: Data::Map(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.value(done.node, done.anchor, 1),
                None => Err(spot.problem("", "a collection ends that never began")),
            },
            Event::Alias(anchor) => {
                let Some((_, node)) = self.anchors.iter().rev().find(|(id, _)| *id == anchor) else {
                    return Err(spot.problem("", "an alias inside the value it stands for"));
                };
                if node.depth() + self.open.len() > self.limits.depth {
                    return Err(self.too_deep(spot));
                }
                let size = node.size();
                if self.nodes + size > self.limits.nodes {
                    return Err(spot.problem("", "too many values once aliases are expanded"));
                }
                let node = node.clone();
                self.value(node, 0, size)
            }
            Event::UnresolvedAlias(_) => Err(spot.problem("", "an alias without its anchor")),
            _ => Ok(()),
        }
    }

    fn too_deep(&self, spot: Spot) -> Problem {
        spot.problem("", format!("nested deeper than {} levels", self.limits.depth))
    }

    fn start(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if self.open.len() >= self.limits.depth {
            return Err(self.too_deep(node.spot));
        }
        self.open.push(Open { anchor, node, key: None });
        Ok(())
    }

    fn value(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Problem> {
        self.nodes += size;
        if self.nodes > self.limits.nodes {
            return Err(node.spot.problem("", "too many values"));
        }
        if anchor != 0 {
            self.nodes += node.size();
            if self.nodes > self.limits.nodes {
                return Err(node.spot.problem("", "too many values behind anchors"));
            }
            self.anchors.push((anchor, node.clone()));
        }
        let Some(open) = self.open.last_mut() else {
            if self.root.is_some() {
                return Err(node.spot.problem("", "a second document; a definition is one"));
            }
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.data {
            Data::List(items) => items.push(node),
            Data::Map(entries) => match open.key.take() {
                None => open.key = Some(key(node)?),
                Some(key) => {
                    if entries.iter().any(|(other, _)| other.text == key.text) {
                        self.problems
                            .push(key.spot.problem("", format!("the key {:?} is there twice", key.text)));
                    }
                    entries.push((key, node));
                }
            },
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) => {}
        }
        Ok(())
    }
}

fn key(node: Node) -> Result<Key, Problem> {
    let text = match node.data {
        Data::Text(text) => text,
        Data::Number(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::Null => "null".to_owned(),
        Data::List(_) | Data::Map(_) => return Err(node.spot.problem("", "a key must be a string")),
    };
    Ok(Key { spot: node.spot, text })
}

/// The core schema of YAML 1.2 (section 10.3), with numbers as JSON writes them.
fn plain(text: &str) -> Data {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        "true" | "True" | "TRUE" => Data::Bool(true),
        "false" | "False" | "FALSE" => Data::Bool(false),
        other if other.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            serde_json::from_str::<Number>(other).map_or_else(|_| Data::Text(other.to_owned()), Data::Number)
        }
        other => Data::Text(other.to_owned()),
    }
}
