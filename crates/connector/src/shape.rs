//! Cutting a result to what an assistant can take in at once, whole items only, without losing the rest.

use std::borrow::Cow;

use crate::answer::Success;
use crate::arguments::Arguments;
use crate::definition::Action;
use crate::paging::PageToken;

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
pub fn shape<'a>(
    action: &Action,
    arguments: &Arguments<'_>,
    success: &'a Success<'_>,
    from: Offset,
) -> Shaped<'a> {
    todo!("{action:?} {arguments:?} {success:?} {from:?}")
}
