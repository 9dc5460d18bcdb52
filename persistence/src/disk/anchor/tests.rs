//! The slot: whole or nothing.

use super::slot::{self, BOOT_ID_SIZE, Slot};
use crate::disk::file::Heads;

fn slot() -> Slot {
    let heads = Heads { page_size: 4096, first: [1; Heads::SIZE], second: [2; Heads::SIZE] };
    Slot { turn: 9, boot_id: [3; BOOT_ID_SIZE], heads }
}

#[test]
fn a_slot_comes_back_whole_or_not_at_all() {
    let bytes = slot().to_bytes();
    assert_eq!(bytes.len(), slot::SIZE);
    assert!(bytes.len() <= 512, "one sector");
    assert_eq!(Slot::of(&bytes), Some(slot()));
    for at in 0..bytes.len() {
        let mut torn = bytes.clone();
        torn[at] ^= 1;
        assert_eq!(Slot::of(&torn), None, "byte {at}");
        assert_eq!(Slot::of(&bytes[..at]), None, "{at} bytes");
    }
}

#[test]
fn slots_take_turns() {
    assert_ne!(slot::place(1), slot::place(2));
    assert_eq!(slot::place(1), slot::place(3));
}
