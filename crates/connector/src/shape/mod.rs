//! Cutting a result to what an assistant can take in at once, whole items only, without losing the rest.

use std::borrow::Cow;

use crate::answer::Success;
use crate::arguments::Arguments;
use crate::definition::{Action, Place};
use crate::paging::{self, PageToken};
use crate::scan;

/// Items given at once.
pub(crate) const MAX_ITEMS: usize = 25;
/// Bytes of JSON given at once, about 25,000 tokens.
pub(crate) const MAX_BYTES: usize = 100_000;
/// A list longer than this earns a hint.
const LONG: u64 = 50;
/// Parameters that a hint names.
const MAX_NAMED: usize = 8;

/// Where to go on inside a kept result. Starts at [`Offset::default`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offset {
    /// Items already given.
    pub item: u64,
    /// Bytes already given of the item (or of the whole result) that is too large to give at once.
    pub byte: u64,
}

/// What to do for the next part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing is left.
    End,
    /// The rest is in the same [`Success`]: keep it and call [`shape`] again from here.
    Kept(Offset),
    /// The kept result is used up; the platform has another page.
    Platform(PageToken),
}

/// The contract's `metadata`, but for `nextCursor`, which is the caller's to make.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// All items there are, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<u64>,
    /// Items in this part.
    pub returned_count: u64,
    /// Whether something is left.
    pub truncated: bool,
}

/// One part of a result.
#[derive(Debug)]
pub struct Shaped<'a> {
    /// JSON text.
    pub result: Cow<'a, str>,
    /// `Some` for lists and for what was cut.
    pub metadata: Option<Metadata>,
    /// How to narrow a long list with this action's own parameters.
    pub hint: Option<String>,
    /// How to go on.
    pub next: Next,
}

/// Cuts a result: at most 25 items and 100,000 bytes of JSON at once.
///
/// A value that is too large by itself is given as parts of its JSON text (of its content, if it is a string),
/// each as `{"text", "format", "offset", "bytes"}` and with `item` where it is one of a list; put together they
/// are the value.
pub fn shape<'a>(
    action: &Action,
    arguments: &Arguments<'_>,
    success: &'a Success<'_>,
    from: Offset,
) -> Shaped<'a> {
    let json: &'a str = &success.result;
    let list = paging::list(action, json).and_then(|list| scan::around(json, list));
    let Some((before, list, after)) =
        list.filter(|(before, _, after)| before.len() + after.len() < MAX_BYTES / 2)
    else {
        return whole(json, success, from);
    };
    let slice = slice(list, from.item, MAX_BYTES - before.len() - after.len());
    if slice.count == 0 && !slice.first.is_empty() {
        let end = || after_item(slice.total, from.item + 1, success);
        return part(slice.first, from, Some(from.item), slice.total, end);
    }
    let given = from.item + slice.count;
    let next = after_item(slice.total, given, success);
    let whole = from.item == 0 && slice.count == slice.total;
    let result =
        if whole { Cow::Borrowed(json) } else { Cow::Owned(format!("{before}[{}]{after}", slice.text)) };
    let total_count = success.total.or_else(|| success.next.is_none().then_some(slice.total));
    let metadata = Metadata { total_count, returned_count: slice.count, truncated: next != Next::End };
    let long = success.total.unwrap_or(0).max(slice.total) > LONG;
    let hint = if long { hint(action, arguments) } else { None };
    Shaped { result, metadata: Some(metadata), hint, next }
}

/// Consecutive items of a list.
struct Slice<'j> {
    /// The items with the commas between them.
    text: &'j str,
    count: u64,
    /// The first item, also when it is too large to be among them.
    first: &'j str,
    /// Items in the whole list.
    total: u64,
}

fn slice(list: &str, from: u64, budget: usize) -> Slice<'_> {
    let mut slice = Slice { text: "", count: 0, first: "", total: 0 };
    let mut start = 0;
    let mut full = false;
    for item in scan::elements(list) {
        slice.total += 1;
        if slice.total <= from || full {
            continue;
        }
        let Some(at) = scan::offset(list, item) else { break };
        if slice.first.is_empty() {
            slice.first = item;
            start = at;
        }
        let end = at + item.len();
        if slice.count >= MAX_ITEMS as u64 || end - start > budget {
            full = true;
            continue;
        }
        slice.count += 1;
        slice.text = list.get(start..end).unwrap_or_default();
    }
    slice
}

fn after_item(total: u64, given: u64, success: &Success<'_>) -> Next {
    if given < total {
        return Next::Kept(Offset { item: given, byte: 0 });
    }
    success.next.clone().map_or(Next::End, Next::Platform)
}

/// A result that is no list.
fn whole<'a>(json: &'a str, success: &Success<'_>, from: Offset) -> Shaped<'a> {
    if json.len() <= MAX_BYTES {
        let next = success.next.clone().map_or(Next::End, Next::Platform);
        let metadata = (next != Next::End).then_some(Metadata {
            total_count: success.total,
            returned_count: 1,
            truncated: true,
        });
        return Shaped { result: Cow::Borrowed(json), metadata, hint: None, next };
    }
    part(json, from, None, 1, || success.next.clone().map_or(Next::End, Next::Platform))
}

/// One part of the text of a value that is too large.
fn part<'a>(
    json: &str,
    from: Offset,
    item: Option<u64>,
    total: u64,
    end: impl FnOnce() -> Next,
) -> Shaped<'a> {
    let (content, format) = match scan::string(json) {
        Some(text) => (text, "text"),
        None => (Cow::Borrowed(json), "json"),
    };
    let start = usize::try_from(from.byte).unwrap_or(usize::MAX).min(content.len());
    let rest = content.get(start..).unwrap_or_default();
    let taken = rest.get(..fitting(rest)).unwrap_or(rest);
    let stop = start + taken.len();
    let mut members = serde_json::Map::new();
    if let Some(item) = item {
        members.insert("item".to_owned(), item.into());
    }
    members.insert("text".to_owned(), taken.into());
    members.insert("format".to_owned(), format.into());
    members.insert("offset".to_owned(), start.into());
    members.insert("bytes".to_owned(), content.len().into());
    let next =
        if stop < content.len() { Next::Kept(Offset { item: from.item, byte: stop as u64 }) } else { end() };
    let metadata = Metadata {
        total_count: item.map(|_| total),
        returned_count: u64::from(stop >= content.len()),
        truncated: next != Next::End,
    };
    let result = Cow::Owned(serde_json::Value::Object(members).to_string());
    Shaped { result, metadata: Some(metadata), hint: None, next }
}

/// Bytes of a text whose JSON form fits, whole characters only, at least one.
fn fitting(text: &str) -> usize {
    const ROOM: usize = MAX_BYTES - 200;
    let mut written = 0;
    for (at, letter) in text.char_indices() {
        written += match letter {
            '"' | '\\' | '\n' | '\r' | '\t' => 2,
            letter if letter.is_ascii_control() => 6,
            letter => letter.len_utf8(),
        };
        if written > ROOM {
            return at;
        }
    }
    text.len()
}

/// How to narrow a long list: optional parameters that the call did not use. Nothing when it set a limit.
fn hint(action: &Action, arguments: &Arguments<'_>) -> Option<String> {
    let paging = action.paging.as_ref();
    let limit = paging.and_then(|paging| paging.limit);
    if limit.is_some_and(|index| arguments.get(index).is_some()) {
        return None;
    }
    let turns_pages = paging.and_then(crate::definition::rules::Paging::parameter);
    let narrows = |index: usize, place: Place| {
        arguments.get(index).is_none()
            && Some(index) != turns_pages
            && matches!(place, Place::Query | Place::Body | Place::Variable)
    };
    let parameters = action.parameters().iter().enumerate();
    let names: Vec<&str> = parameters
        .filter(|(index, parameter)| !parameter.required && narrows(*index, parameter.place))
        .map(|(_, parameter)| parameter.name.as_str())
        .take(MAX_NAMED)
        .collect();
    (!names.is_empty()).then(|| format!("This is a long list. Narrow it with: {}.", names.join(", ")))
}

#[cfg(test)]
mod tests;
