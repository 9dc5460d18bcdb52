//! The headers of a file that another process changes while they are read.

use std::os::unix::fs::FileExt;
use std::thread;

use super::*;
use crate::disk::verify::format::{FREE_OFFSET, LAST_PAGE_OFFSET, MAGIC, MAGIC_OFFSET, TRANSACTION_OFFSET};

/// In this file, the last page named by a header always has the same number as the header's transaction.
#[test]
fn a_header_that_is_overwritten_during_the_read_is_not_used() {
    let file = file_with_headers();
    let mut used = 0_u64;
    thread::scope(|scope| {
        let writer = scope.spawn(|| (2..20_000).for_each(|transaction| write_fields(&file, transaction)));
        while !writer.is_finished() {
            let Some(headers) = Headers::read_newest(&file).unwrap() else { continue };
            let (_, header) = headers.after_transaction(headers.newest()).unwrap();
            assert_eq!(header.last_page, headers.newest(), "a header of two states");
            used += 1;
        }
    });
    let headers = Headers::read_newest(&file).unwrap().expect("nobody writes");
    assert_eq!(headers.newest(), 19_999, "{used} headers were used before");
}

fn file_with_headers() -> File {
    let file = tempfile::tempfile().unwrap();
    [0, 1].into_iter().for_each(|page| begin_header(&file, page));
    file
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

/// Writes the fields one after the other, so that a read can see one new and one old field.
fn write_fields(file: &File, transaction: u64) {
    for at in [LAST_PAGE_OFFSET, TRANSACTION_OFFSET] {
        let offset = transaction % 2 * 4096 + u64::try_from(at).unwrap();
        file.write_all_at(&transaction.to_ne_bytes(), offset).unwrap();
    }
}
