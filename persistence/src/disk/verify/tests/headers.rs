//! The headers of a file that another process changes meanwhile.

use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

use super::*;
use crate::disk::verify::format::{FREE_OFFSET, LAST_PAGE_OFFSET, MAGIC, MAGIC_OFFSET, TRANSACTION_OFFSET};

/// Each header of this file contains the number of its transaction twice: also as the number of the last page. LMDB publishes a
/// transaction to readers when its header is complete.
#[test]
fn a_header_that_is_overwritten_during_the_read_is_not_used() {
    let file = tempfile::tempfile().unwrap();
    [0, 1].into_iter().for_each(|page| begin_header(&file, page));
    let published = AtomicU64::new(1);
    let mut used = 0_u64;
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for transaction in 2..20_000 {
                write_fields(&file, transaction);
                published.store(transaction, SeqCst);
            }
        });
        while !writer.is_finished() {
            let state = published.load(SeqCst);
            let Some(headers) = Headers::read_newest(&file, state).unwrap() else { continue };
            let (_, header) = headers.after_transaction(state).unwrap();
            assert_eq!(header.last_page, state, "a header of two states");
            used += 1;
        }
    });
    let state = published.load(SeqCst);
    assert!(Headers::read_newest(&file, state).unwrap().is_some(), "{used} headers were used before");
    assert!(Headers::read_newest(&file, state - 1).unwrap().is_none(), "it is not the newest state");
}

fn begin_header(file: &File, page: u64) {
    let mut bytes = [0; Header::SIZE];
    bytes[..8].copy_from_slice(&page.to_ne_bytes());
    bytes[10..12].copy_from_slice(&HEADER.to_ne_bytes());
    bytes[MAGIC_OFFSET..MAGIC_OFFSET + 4].copy_from_slice(&MAGIC.to_ne_bytes());
    bytes[MAGIC_OFFSET + 4..MAGIC_OFFSET + 8].copy_from_slice(&1_u32.to_ne_bytes());
    bytes[FREE_OFFSET..FREE_OFFSET + 4].copy_from_slice(&4096_u32.to_ne_bytes());
    file.write_all_at(&bytes, page * 4096).unwrap();
    write_fields(file, page);
}

/// Writes the fields one after the other, as a write does that is interrupted by a read.
fn write_fields(file: &File, transaction: u64) {
    for at in [LAST_PAGE_OFFSET, TRANSACTION_OFFSET] {
        let offset = transaction % 2 * 4096 + u64::try_from(at).unwrap();
        file.write_all_at(&transaction.to_ne_bytes(), offset).unwrap();
    }
}
