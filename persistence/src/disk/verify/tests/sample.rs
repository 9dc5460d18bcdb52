//! A valid file, written by LMDB.

use std::fs;

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvOpenOptions};
use tempfile::TempDir;

use super::image::Image;

/// Creates a file with a tree of four levels, values on overflow pages, and free pages.
pub fn valid() -> Image {
    let folder = TempDir::new().unwrap();
    let env = environment(&folder);
    let (tree, large) = databases(&env);
    let mut txn = env.write_txn().unwrap();
    for number in 0..1500_u32 {
        tree.put(&mut txn, &key(number), &[1; 99]).unwrap();
    }
    for number in 0..9_u8 {
        large.put(&mut txn, &[number], &vec![number; 9000]).unwrap();
    }
    txn.commit().unwrap();
    let mut txn = env.write_txn().unwrap();
    for number in 300..500_u32 {
        tree.delete(&mut txn, &key(number)).unwrap();
    }
    large.delete(&mut txn, &[3]).unwrap();
    txn.commit().unwrap();
    drop(env);
    Image::new(fs::read(folder.path().join("data.mdb")).unwrap())
}

type Table = Database<'static, Bytes, Bytes>;

fn databases(env: &Env) -> (Table, Table) {
    let names = ["tree", "large", "empty"];
    let created = env.create_databases_and_commit(env.write_txn().unwrap(), |opener, txn| {
        for name in names {
            opener.create_database::<Bytes, Bytes>(txn, Some(name))?;
        }
        Ok::<_, heed::Error>(CommitOrAbort::<(), ()>::Commit(()))
    });
    created.unwrap();
    let opened = env.open_databases_and_commit(env.read_txn().unwrap(), |opener, txn| {
        let [tree, large, _] = names.map(|name| opener.open_database::<Bytes, Bytes>(txn, Some(name)));
        Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit((tree?.unwrap(), large?.unwrap())))
    });
    opened.unwrap().commit().unwrap()
}

fn key(number: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[7; 300]].concat()
}

#[allow(unsafe_code)]
fn environment(folder: &TempDir) -> Env {
    // SAFETY: only this test uses the file.
    unsafe { EnvOpenOptions::new().map_size(64 << 20).max_dbs(4).open(folder.path()) }.unwrap()
}
