//! Texts with the same hash get different keys and are found under them, and free ordinals are reused.

use std::collections::BTreeMap;

use heed::{EnvOpenOptions, RwTxn};

use super::TextKeys;
use crate::disk::fault::Fault;
use crate::disk::tables::{Table, Tables};

/// Locates a text in a table whose values are the texts themselves.
fn locate(keys: TextKeys, table: &Table, txn: &RwTxn<'_>, text: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(keys.locate(table, txn, b"p", text, |value| Ok(value == text))?.to_vec())
}

#[test]
#[allow(unsafe_code)]
fn texts_with_the_same_hash_get_different_keys() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(1 << 20).max_dbs(7);
    // SAFETY: the folder is new, and no other process knows it.
    let env = unsafe { options.open(folder.path()) }.unwrap();
    Tables::create(&env, &[0; 16]).unwrap();
    let tables = Tables::open(&env).unwrap().unwrap();
    let (table, keys) = (&tables.retained, TextKeys::weak([1; 16]));
    let mut txn = env.write_txn().unwrap();
    let mut kept = BTreeMap::new();
    for round in 0..200_usize {
        let text = vec![u8::try_from(round % 11).unwrap(); 500];
        let key = locate(keys, table, &txn, &text).unwrap();
        if round % 3 == 0 {
            assert_eq!(table.delete(&mut txn, &key).unwrap(), kept.remove(&text).is_some(), "round {round}");
        } else {
            table.put(&mut txn, &key, &text).unwrap();
            assert!(kept.insert(text, key.clone()).is_none_or(|before| before == key), "round {round}");
        }
        assert_eq!(table.len(&txn).unwrap(), u64::try_from(kept.len()).unwrap());
    }
    let ordinals = kept.values().map(|key| u16::from_be_bytes(*key.last_chunk().unwrap()));
    assert!(ordinals.max().unwrap() < 11, "free ordinals are used again");
}
