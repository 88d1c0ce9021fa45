//! Keeping only the members that matter of objects that platforms blow up.

use crate::scan;

/// Keeps the named members of each item of the list, or of the whole answer where there is no list.
pub(super) fn project(json: &str, list: Option<&str>, names: &[Vec<String>]) -> String {
    let paths: Vec<&[String]> = names.iter().map(Vec::as_slice).collect();
    let mut out = String::with_capacity(json.len() / 2);
    let Some((before, list, after)) = list.and_then(|list| scan::around(json, list)) else {
        keep(json, &paths, &mut out);
        return out;
    };
    out.push_str(before);
    keep(list, &paths, &mut out);
    out.push_str(after);
    out
}

fn keep(json: &str, paths: &[&[String]], out: &mut String) {
    match json.as_bytes().first() {
        Some(b'{') => keep_members(json, paths, out),
        Some(b'[') => {
            out.push('[');
            for (index, item) in scan::elements(json).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                keep(item, paths, out);
            }
            out.push(']');
        }
        Some(_) | None => out.push_str(json),
    }
}

fn keep_members(json: &str, paths: &[&[String]], out: &mut String) {
    out.push('{');
    let mut first = true;
    for (key, value) in scan::members(json) {
        let rests: Vec<&[String]> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(name, _)| scan::key_is(key, name))
            .map(|(_, rest)| rest)
            .collect();
        if rests.is_empty() {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(key);
        out.push(':');
        if rests.iter().any(|rest| rest.is_empty()) {
            out.push_str(value);
        } else {
            keep(value, &rests, out);
        }
    }
    out.push('}');
}
