//! Text with `{name}` places, compiled once.

use super::Problem;
use super::node::Node;

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(String),
    Place(String),
}

/// Compiles `a/{b}`; braces that do not pair are a problem.
pub(crate) fn compile(text: &str, node: &Node, path: &str, problems: &mut Vec<Problem>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once('{') {
        let Some((name, after)) = tail.split_once('}') else {
            problems.push(node.spot.problem(path, "a { without its }"));
            return pieces;
        };
        if !is_name(name) {
            problems.push(node.spot.problem(path, format!("{{{name}}} is not a name in braces")));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned()));
        }
        pieces.push(Piece::Place(name.to_owned()));
        rest = after;
    }
    if rest.contains('}') {
        problems.push(node.spot.problem(path, "a } without its {"));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    pieces
}

/// The names of the places.
pub(crate) fn places(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Literal(_) => None,
        Piece::Place(name) => Some(name.as_str()),
    })
}

/// `[A-Za-z_][A-Za-z0-9_.-]{0,127}`: names of parameters, variables and fields.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
