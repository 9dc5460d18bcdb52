//! A record of the sync point is valid only if it is complete and unchanged.

use super::record::{self, SyncRecord};
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
