//! The nearest right name to a misspelt one.

/// The candidate closest to `word`, if it is close enough to be meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    const MAX_CHARACTERS: usize = 64;
    if word.is_empty() || word.chars().count() > MAX_CHARACTERS {
        return None;
    }
    let plain = fold(word);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.filter(|candidate| candidate.len() <= 4 * MAX_CHARACTERS) {
        let other = fold(candidate);
        let distance = distance(&plain, &other);
        let admitted = (plain.len().max(other.len()) / 3).max(1);
        if distance <= admitted && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Lower case without separators: `userId`, `user_id` and `user-id` are one name to a person.
fn fold(word: &str) -> Vec<char> {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Edits between two words: insert, remove, replace, swap neighbours (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, ours) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, theirs) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(ours != theirs);
            let mut least = replaced.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            let swapped = row > 0
                && column > 0
                && left.get(row - 1) == Some(theirs)
                && right.get(column - 1) == Some(ours);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_right_one_and_a_strange_one_finds_none() {
        let names = ["channel", "thread_ts", "user_id", "limit"];
        let cases = [
            ("chanel", Some("channel")),
            ("userId", Some("user_id")),
            ("limti", Some("limit")),
            ("threadTs", Some("thread_ts")),
            ("colour", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, names.into_iter()), expected, "{word}");
        }
    }
}
