//! Where randomness comes from: identifiers and secrets are made here and nowhere else.

use aws_lc_rs::rand;
use chrono::{DateTime, Utc};
use uuid::Uuid;

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Fills `bytes` from the operating system's generator.
pub(crate) fn fill(bytes: &mut [u8]) {
    rand::fill(bytes).expect("the operating system's random generator answers once it is seeded");
}

/// `length` characters of `[A-Za-z0-9]`, about 5.95 bits each, without modulo bias.
pub(crate) fn alphanumeric(length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut pool = [0_u8; 64];
    while text.len() < length {
        fill(&mut pool);
        let chosen = pool.iter().filter_map(|byte| ALPHANUMERIC.get(usize::from(byte & 63)));
        text.extend(chosen.take(length - text.len()).map(|byte| char::from(*byte)));
    }
    text
}

/// `length` lower-case hexadecimal digits.
pub(crate) fn hex(length: usize) -> String {
    let mut bytes = vec![0_u8; length];
    fill(&mut bytes);
    bytes.iter().filter_map(|byte| HEX.get(usize::from(byte & 15))).map(|digit| char::from(*digit)).collect()
}

/// An identifier `{prefix}_{32 hex digits}` that sorts by the time it was made (UUID version 7).
pub(crate) fn sortable_id(prefix: &str, now: DateTime<Utc>) -> String {
    let mut random = [0_u8; 10];
    fill(&mut random);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    format!("{prefix}_{}", id.simple())
}

/// An identifier `{prefix}_{32 hex digits}` that says nothing.
pub(crate) fn opaque_id(prefix: &str) -> String {
    let mut random = [0_u8; 16];
    fill(&mut random);
    format!("{prefix}_{}", Uuid::from_bytes(random).simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_asked_length_and_alphabet_and_differ() {
        let (one, two) = (alphanumeric(40), alphanumeric(40));
        assert_eq!(one.len(), 40);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one, two);
        assert!(hex(8).bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn sortable_ids_sort_by_time() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a valid time");
        assert!(sortable_id("exe", at(1_700_000_000)) < sortable_id("exe", at(1_700_000_001)));
    }
}
