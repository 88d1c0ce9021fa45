//! What must open, and everything that must not.

use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_assume, proptest};

use super::*;

fn vault_of(byte: u8) -> Vault {
    Vault::new(&RootKey::from_bytes([byte; 32]), &[])
}

fn context<'a>(account: &'a str, credential: &'a str, field: &'a str) -> Context<'a> {
    Context { account, credential, field }
}

fn error_of<T>(result: Result<T, OpenError>) -> Option<OpenError> {
    result.err()
}

#[test]
fn aes_256_gcm_answers_the_published_vector() {
    // NIST GCM test case 14 ("The Galois/Counter Mode of Operation", appendix B): zero key, nonce and block.
    let key = SealingKey::new(&[0; 32]);
    let body: Vec<u8> = [
        0xce_a7_40_3d_4d_60_6b_6e_07_4e_c5_d3_ba_f3_9d_18_u128,
        0xd0_d1_c8_a7_99_99_6b_f0_26_5b_98_b5_d4_8a_b9_19_u128,
    ]
    .iter()
    .flat_map(|part| part.to_be_bytes())
    .collect();
    let mut sealed = vec![VERSION];
    sealed.extend_from_slice(key.id.as_bytes());
    sealed.extend_from_slice(&[0; NONCE_BYTES]);
    sealed.extend_from_slice(&body);
    assert_eq!(key.open(&[], &sealed).ok().map(|plain| plain.expose().to_vec()), Some(vec![0; 16]));
}

#[test]
fn a_key_id_is_the_start_of_the_keys_hash() {
    // SHA-256 of 32 zero bytes begins with 66687aad.
    assert_eq!(RootKey::from_bytes([0; 32]).id().to_string(), "66687aad");
}

#[test]
fn a_root_key_round_trips_through_its_file_form() {
    let key = RootKey::generate();
    let read = RootKey::parse(&format!("{}\n", *key.expose_base64())).expect("own output");
    assert_eq!(read.bytes(), key.bytes());
}

#[test]
fn a_short_or_garbled_root_key_is_refused() {
    assert_eq!(RootKey::parse("AAAA").err(), Some(crate::RootKeyError::Length { found: 3 }));
    assert_eq!(RootKey::parse("not a key!").err(), Some(crate::RootKeyError::NotBase64));
}

#[test]
fn a_data_key_unwraps_only_for_its_account_and_root_key() {
    let vault = vault_of(1);
    let (key, wrapped) = vault.new_data_key("acme");
    assert_eq!(vault.unwrap_data_key("acme", &wrapped).ok().map(|found| found.id()), Some(key.id()));
    assert_eq!(error_of(vault.unwrap_data_key("other", &wrapped)), Some(OpenError::Rejected));
    let unknown = OpenError::UnknownKey(vault.current_key_id());
    assert_eq!(error_of(vault_of(2).unwrap_data_key("acme", &wrapped)), Some(unknown));
}

#[test]
fn rotation_rewraps_the_same_data_key_with_the_current_root_key() {
    let (old, new) = (RootKey::from_bytes([1; 32]), RootKey::from_bytes([2; 32]));
    let (key, wrapped) = Vault::new(&old, &[]).new_data_key("acme");
    let place = context("acme", "credential", "data");
    let sealed = key.seal(place, &Secret::new("plain"));

    let rotating = Vault::new(&new, &[old]);
    assert!(!rotating.wraps_with_current(&wrapped));
    let rewrapped = rotating.rewrap("acme", &wrapped).expect("the old key is at hand");
    assert!(rotating.wraps_with_current(&rewrapped));

    let after = Vault::new(&new, &[]).unwrap_data_key("acme", &rewrapped).expect("wrapped with the new key");
    let opened = after.open(place, sealed.as_ref()).expect("the data key is the same");
    assert_eq!(opened.expose_str(), Some("plain"));
}

#[test]
fn a_wrapped_key_does_not_open_as_a_field() {
    let vault = vault_of(1);
    let (_, wrapped) = vault.new_data_key("");
    let root_as_data_key = DataKey(SealingKey::new(&[1; 32]));
    let opened = root_as_data_key.open(context("", "", ""), &wrapped.0);
    assert_eq!(error_of(opened), Some(OpenError::Rejected));
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_its_place_and_names_its_key(
        secret in any::<Vec<u8>>(), account in ".{0,20}", credential in ".{0,20}", field in ".{0,20}",
    ) {
        let (key, _) = vault_of(1).new_data_key(&account);
        let place = context(&account, &credential, &field);
        let sealed = key.seal(place, &Secret::new(secret.clone()));
        prop_assert_eq!(sealed_key_id(&sealed.0), Some(key.id()));
        let opened = key.open(place, &sealed.0).expect("same place");
        prop_assert_eq!(opened.expose(), &secret[..]);
    }

    #[test]
    fn a_value_moved_to_another_place_does_not_open(
        from in ("[ab]{0,3}", "[ab]{0,3}", "[ab]{0,3}"), to in ("[ab]{0,3}", "[ab]{0,3}", "[ab]{0,3}"),
    ) {
        prop_assume!(from != to);
        let (key, _) = vault_of(1).new_data_key("acme");
        let sealed = key.seal(context(&from.0, &from.1, &from.2), &Secret::new("plain"));
        let opened = key.open(context(&to.0, &to.1, &to.2), &sealed.0);
        prop_assert_eq!(error_of(opened), Some(OpenError::Rejected));
    }

    #[test]
    fn a_flipped_bit_anywhere_keeps_it_closed(secret in any::<Vec<u8>>(), place in any::<proptest::sample::Index>(), bit in 0..8_u8) {
        let (key, _) = vault_of(1).new_data_key("acme");
        let mut sealed = key.seal(context("acme", "c", "f"), &Secret::new(secret)).0;
        let at = place.index(sealed.len());
        *sealed.get_mut(at).expect("index is inside") ^= 1_u8 << bit;
        prop_assert!(key.open(context("acme", "c", "f"), &sealed).is_err());
    }

    #[test]
    fn a_cut_or_lengthened_value_does_not_open(secret in any::<Vec<u8>>(), cut in any::<proptest::sample::Index>(), extra in any::<u8>()) {
        let (key, _) = vault_of(1).new_data_key("acme");
        let mut sealed = key.seal(context("acme", "c", "f"), &Secret::new(secret)).0;
        let cut = sealed.get(..cut.index(sealed.len())).expect("index is inside");
        prop_assert!(key.open(context("acme", "c", "f"), cut).is_err());
        sealed.push(extra);
        prop_assert!(key.open(context("acme", "c", "f"), &sealed).is_err());
    }

    #[test]
    fn a_foreign_accounts_key_does_not_open_it(secret in any::<Vec<u8>>()) {
        let vault = vault_of(1);
        let (ours, _) = vault.new_data_key("acme");
        let (theirs, _) = vault.new_data_key("other");
        let sealed = ours.seal(context("acme", "c", "f"), &Secret::new(secret));
        prop_assert!(theirs.open(context("acme", "c", "f"), &sealed.0).is_err());
    }

    #[test]
    fn any_bytes_are_answered_without_panic(bytes in any::<Vec<u8>>()) {
        let (key, _) = vault_of(1).new_data_key("acme");
        prop_assert!(key.open(context("acme", "c", "f"), &bytes).is_err());
        let _ = sealed_key_id(&bytes);
        prop_assert!(vault_of(1).unwrap_data_key("acme", &WrappedKey(bytes)).is_err());
    }
}
