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

/// Levenshtein distance.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.iter().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(right) {
            let substituted = diagonal + usize::from(letter != other);
            diagonal = *cell;
            before = substituted.min(*cell + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}
