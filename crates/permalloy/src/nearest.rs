//! The nearest known name to a misspelt one: for "did you mean".

/// The longest name that is looked at, in characters: no known one is near to a longer one.
const MAX_CHARS: usize = 256;

/// The candidate with the least edit distance, if it is near enough to be meant.
pub(crate) fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let length = name.chars().count();
    if length > MAX_CHARS {
        return None;
    }
    let limit = (length / 3).max(2);
    candidates
        .map(|candidate| (distance(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, in characters, case ignored.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_ascii_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.to_ascii_lowercase().chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&right) {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = *cell;
            *cell = substituted.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let near = |word: &str| nearest(word, ["tokenExpiresInDays", "name"].into_iter().map(str::to_owned));
        assert_eq!(near("tokenExpiryInDays").as_deref(), Some("tokenExpiresInDays"));
        assert_eq!(near("Name").as_deref(), Some("name"));
        assert_eq!(near("completelyOther"), None);
        assert_eq!(near(&"name".repeat(1_000)), None);
    }
}
