//! Cursors of lists: opaque to clients, and nothing in them is believed: a page is always read through the
//! caller's own account and filters.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The longest cursor that is looked at, in bytes.
const MAX_BYTES: usize = 4_096;

/// A cursor that stands for `place`.
pub(crate) fn write(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// What a cursor stands for; nothing if it is not one.
pub(crate) fn read(cursor: &str) -> Option<String> {
    if cursor.len() > MAX_BYTES {
        return None;
    }
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
