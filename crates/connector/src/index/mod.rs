//! Finding actions by what they do: a small in-memory index over ids, names, descriptions and parameters.
//!
//! BM25 with fields of different weight, words cut to their stem, and a table of words that people use for one
//! another. A word of the goal that is nearly an indexed one counts for it, so that a typing error still finds.

use std::collections::HashMap;

use crate::definition::{Action, Connector};
use crate::nearest::nearest;

/// Saturation of repeated words, and how much length matters; the usual values of BM25.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.6;
/// Characters of a goal that are read.
const MAX_GOAL: usize = 2_000;

/// Words that say the same; the first is what is indexed.
const SYNONYMS: &[&[&str]] = &[
    &["create", "add", "make", "new", "open", "insert", "register", "start"],
    &["delete", "remove", "destroy", "erase", "cancel", "trash"],
    &["update", "change", "edit", "modify", "set", "rename", "patch"],
    &["list", "all", "show", "browse", "enumerate"],
    &["get", "read", "fetch", "retrieve", "view", "look"],
    &["search", "find", "query", "lookup", "locate"],
    &["send", "post", "write", "publish", "say", "notify", "tell"],
    &["message", "chat", "dm", "msg"],
    &["channel", "conversation", "room"],
    &["user", "person", "people", "member", "colleague", "someone"],
    &["issue", "bug", "ticket", "defect"],
    &["pull", "pr", "merge"],
    &["repository", "repo", "repos", "project"],
    &["email", "mail"],
    &["customer", "client", "buyer"],
    &["invoice", "bill"],
    &["payment", "charge", "pay", "money"],
    &["refund", "reimburse", "chargeback"],
    &["weather", "forecast", "temperature", "rain"],
    &["file", "document", "attachment"],
    &["event", "meeting", "appointment"],
    &["note", "memo"],
    &["page", "wiki"],
    &["comment", "reply", "answer"],
    &["story", "article", "news"],
];

/// Words that carry no meaning in a goal.
const IDLE: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "for", "from", "have", "how", "i", "in",
    "is", "it", "its", "me", "my", "of", "on", "one", "or", "our", "please", "that", "the", "their", "them",
    "this", "to", "us", "want", "was", "we", "what", "when", "where", "which", "who", "will", "with",
    "would", "you", "your",
];

/// The index. Rebuilt when the catalogue changes; a build reads every text once.
#[derive(Debug, Default)]
pub struct Index {
    entries: Vec<Entry>,
    /// Stem → entries that have it, with their weight.
    postings: HashMap<Box<str>, Vec<(u32, f32)>>,
    average_length: f32,
}

#[derive(Debug)]
struct Entry {
    connector: Box<str>,
    action: Box<str>,
    length: f32,
    /// Divides the score of what the platform discourages.
    discouraged: bool,
}

/// One hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match<'a> {
    /// Connector id.
    pub connector: &'a str,
    /// Action id.
    pub action: &'a str,
    /// Above 0, at most 1: how much of the goal's meaning the action covers.
    pub score: f32,
}

impl Index {
    /// Reads all texts.
    pub fn build<'a>(actions: impl Iterator<Item = (&'a Connector, &'a Action)>) -> Self {
        let mut index = Self::default();
        let mut total = 0.0;
        for (connector, action) in actions {
            let number = u32::try_from(index.entries.len()).unwrap_or(u32::MAX);
            let weights = weigh(connector, action);
            let length: f32 = weights.values().sum();
            total += length;
            for (stem, weight) in weights {
                index.postings.entry(stem.into_boxed_str()).or_default().push((number, weight));
            }
            index.entries.push(Entry {
                connector: connector.id().into(),
                action: action.id().into(),
                length,
                discouraged: action.deprecated(),
            });
        }
        index.average_length = total / count(index.entries.len().max(1));
        index
    }

    /// The best actions for a goal in words, best first; `allowed(connector, action)` decides what may be found.
    pub fn search(&self, goal: &str, allowed: impl Fn(&str, &str) -> bool, limit: usize) -> Vec<Match<'_>> {
        let goal: String = goal.chars().take(MAX_GOAL).collect();
        let mut stems: Vec<String> =
            words(&goal).filter(|word| !IDLE.contains(&word.as_str())).map(|word| stem(&word)).collect();
        stems.sort_unstable();
        stems.dedup();
        let mut scores: HashMap<u32, f32> = HashMap::new();
        let mut best_possible = 0.0;
        for stem in &stems {
            let rarity_of_unknown = self.rarity(1);
            let Some((postings, trust)) = self.postings_of(stem) else {
                best_possible += rarity_of_unknown * (SATURATION + 1.0) / 2.0;
                continue;
            };
            let rarity = self.rarity(postings.len());
            best_possible += rarity * (SATURATION + 1.0);
            for (number, weight) in postings {
                let Some(entry) = self.entries.get(*number as usize) else { continue };
                let length = 1.0 - LENGTH + LENGTH * entry.length / self.average_length.max(1.0);
                let gain = rarity * trust * weight * (SATURATION + 1.0) / (weight + SATURATION * length);
                *scores.entry(*number).or_default() += gain;
            }
        }
        self.ranked(scores, best_possible, allowed, limit)
    }

    fn ranked(
        &self,
        scores: HashMap<u32, f32>,
        best_possible: f32,
        allowed: impl Fn(&str, &str) -> bool,
        limit: usize,
    ) -> Vec<Match<'_>> {
        let mut ranked: Vec<(u32, f32)> = scores.into_iter().collect();
        for (number, score) in &mut ranked {
            let discouraged = self.entries.get(*number as usize).is_some_and(|entry| entry.discouraged);
            *score =
                (*score / best_possible).clamp(f32::MIN_POSITIVE, 1.0) * if discouraged { 0.5 } else { 1.0 };
        }
        // Ties in the order of the catalogue, so that the same goal gives the same answer.
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        let entries = ranked.into_iter().filter_map(|(number, score)| {
            let entry = self.entries.get(number as usize)?;
            Some(Match { connector: &entry.connector, action: &entry.action, score })
        });
        entries.filter(|hit| allowed(hit.connector, hit.action)).take(limit).collect()
    }

    fn postings_of(&self, stem: &str) -> Option<(&Vec<(u32, f32)>, f32)> {
        if let Some(found) = self.postings.get(stem) {
            return Some((found, 1.0));
        }
        if stem.len() < 4 {
            return None;
        }
        let first = stem.chars().next();
        let alike =
            self.postings.keys().map(|key| &**key).filter(|key| key.chars().next() == first && key.len() > 3);
        let near = nearest(stem, alike)?;
        self.postings.get(near).map(|found| (found, 0.6))
    }

    /// Inverse document frequency, never negative.
    fn rarity(&self, with: usize) -> f32 {
        let all = count(self.entries.len());
        let with = count(with);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}

/// Small numbers of things as a factor.
fn count(number: usize) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}

/// The stems of an action with the weight of the best field they stand in, plus a little for each repetition.
fn weigh(connector: &Connector, action: &Action) -> HashMap<String, f32> {
    let mut weights: HashMap<String, f32> = HashMap::new();
    let mut read = |text: &str, weight: f32| {
        for stem in words(text).filter(|word| !IDLE.contains(&word.as_str())).map(|word| stem(&word)) {
            let entry = weights.entry(stem).or_insert(0.0);
            *entry = entry.max(weight) + 0.1 * weight;
        }
    };
    read(action.display_name(), 4.0);
    read(action.id(), 3.0);
    read(connector.name(), 3.0);
    read(connector.id(), 3.0);
    read(action.resource(), 2.0);
    read(action.description(), 1.0);
    for category in connector.categories() {
        read(category, 0.7);
    }
    for parameter in action.parameters() {
        read(&parameter.name, 0.7);
        read(&parameter.description, 0.2);
    }
    weights
}

/// Lower-case words; `userId`, `chat_postMessage` and `issues/list` come apart.
fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.flat_map(|part| {
        let mut split: Vec<String> = Vec::new();
        let mut before_lower = false;
        for letter in part.chars() {
            let begins = split.is_empty() || (letter.is_uppercase() && before_lower);
            before_lower = letter.is_lowercase() || letter.is_numeric();
            if begins {
                split.push(String::new());
            }
            if let Some(word) = split.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        split
    })
}

/// The stem of a word, or of the word that stands for it.
fn stem(word: &str) -> String {
    let cut = cut(word);
    for group in SYNONYMS {
        if group.iter().any(|other| *other == word || *other == cut) {
            return (*group.first().unwrap_or(&"")).to_owned();
        }
    }
    // A reaction is what reacting gives.
    match cut.strip_suffix("ion").filter(|rest| rest.len() >= 4 && rest.ends_with('t')) {
        Some(rest) => rest.to_owned(),
        None => cut,
    }
}

/// Without the endings of English plurals and verb forms.
fn cut(word: &str) -> String {
    if word.len() < 3 || !word.is_ascii() {
        return word.to_owned();
    }
    for (ending, instead) in
        [("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ing", ""), ("ed", "")]
    {
        if let Some(rest) = word.strip_suffix(ending).filter(|rest| rest.len() >= 3) {
            return undouble(rest) + instead;
        }
    }
    match word.strip_suffix('s') {
        Some(rest) if !rest.ends_with(['s', 'u', 'i']) => rest.to_owned(),
        Some(_) | None => word.to_owned(),
    }
}

/// `runn` is `run`; `call` stays.
fn undouble(word: &str) -> String {
    let mut letters = word.chars().rev();
    match (letters.next(), letters.next()) {
        (Some(last), Some(before)) if last == before && !matches!(last, 'l' | 's' | 'e' | 'z') => {
            let mut shorter = word.to_owned();
            shorter.pop();
            shorter
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
