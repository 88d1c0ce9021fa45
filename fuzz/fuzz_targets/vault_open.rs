//! Bytes from anywhere do not open and do not panic; a sealed value that was changed in any place does not
//! open; one that was not, does, but for no other credential.
//!
//! Input: two bytes for a place, one for a change, then the bytes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use vault::{Context, DataKey, RootKey, Secret, Vault, WrappedKey, sealed_key_id};

const HERE: Context<'static> = Context { account: "a", credential: "c", field: "f" };

static VAULT: LazyLock<(Vault, DataKey)> = LazyLock::new(|| {
    let vault = Vault::new(&RootKey::from_bytes([7; 32]), &[]);
    let (key, _) = vault.new_data_key(HERE.account);
    (vault, key)
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let [high, low, change, bytes @ ..] = input else { return Corpus::Reject };
    let (vault, key) = &*VAULT;
    assert!(key.open(HERE, bytes).is_err());
    assert!(vault.unwrap_data_key(HERE.account, &WrappedKey(bytes.to_vec())).is_err());
    sealed_key_id(bytes);

    let mut sealed = key.seal(HERE, &Secret::new(bytes)).0;
    assert!(key.open(Context { credential: "d", ..HERE }, &sealed).is_err());
    let place = usize::from(u16::from_be_bytes([*high, *low])) % sealed.len();
    sealed[place] ^= change;
    let opened = key.open(HERE, &sealed);
    assert_eq!(opened.is_ok(), *change == 0);
    assert!(opened.is_err() || opened.is_ok_and(|secret| secret.expose() == bytes));
    Corpus::Keep
});
