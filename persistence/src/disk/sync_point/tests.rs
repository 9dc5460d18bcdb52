//! A record of the sync point is valid only if it is complete and unchanged. A record that a broker is writing does not
//! count as damaged.

use std::collections::VecDeque;

use super::record::{self, SyncRecord};
use super::recover::{Found, RecordBytes, newest_record};
use crate::clock::BootId;
use crate::disk::file::MetaPages;

fn record() -> SyncRecord {
    let meta_pages = MetaPages { page_size: 4096, first: [1; MetaPages::SIZE], second: [2; MetaPages::SIZE] };
    SyncRecord { sequence: 9, boot_id: BootId([3; BootId::SIZE]), meta_pages }
}

#[test]
fn a_record_with_any_changed_or_missing_byte_is_invalid() {
    let bytes = record().to_bytes();
    assert_eq!(bytes.len(), record::SIZE);
    assert!(bytes.len() <= 512, "one sector");
    assert_eq!(SyncRecord::from_bytes(&bytes), Some(record()));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(SyncRecord::from_bytes(&changed), None, "byte {at}");
        assert_eq!(SyncRecord::from_bytes(&bytes[..at]), None, "{at} bytes");
    }
}

#[test]
fn records_alternate_between_two_offsets() {
    assert_ne!(record::record_offset(1), record::record_offset(2));
    assert_eq!(record::record_offset(1), record::record_offset(3));
}

/// Returns what [`newest_record`] finds if its reads return these bytes one after the other. The last bytes are
/// repeated.
fn found(reads: impl IntoIterator<Item = RecordBytes>) -> Found {
    let mut reads = VecDeque::from_iter(reads);
    newest_record(|_| {
        let next = reads.pop_front();
        reads.extend(next.filter(|_| reads.is_empty()));
        Ok(next.unwrap())
    })
    .unwrap()
}

#[test]
fn two_records_that_are_overwritten_during_the_read_are_read_again() {
    let whole: RecordBytes = record().to_bytes().try_into().unwrap();
    let torn = |byte| {
        let mut torn = whole;
        torn[100] = byte;
        torn
    };
    assert_eq!(found([torn(10), torn(11), torn(12), whole]), Found::Record(Box::new(record())));
    assert_eq!(found([torn(10), torn(11), torn(12), torn(13), torn(12), torn(13)]), Found::Damage);
    assert_eq!(found([[0; record::SIZE]]), Found::NeverSynced);
}
