//! Bytes come out in the order they went in, however the writes are cut.

use std::io::IoSlice;

use bytes::Bytes;
use proptest::prelude::*;
use smallvec::SmallVec;

use super::{Batch, WriteBuffer};

#[derive(Clone, Debug)]
enum Operation {
    Put(Vec<u8>),
    Share(Vec<u8>),
    /// Takes all, writes as much of each offered slice, and gives the rest back.
    Write(usize),
    /// As above, with more put in before the rest comes back.
    WriteMeanwhile(usize, Vec<u8>),
}

fn operation() -> impl Strategy<Value = Operation> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        bytes().prop_map(Operation::Put),
        bytes().prop_map(Operation::Share),
        (0..80usize).prop_map(Operation::Write),
        ((0..80usize), bytes()).prop_map(|(n, bytes)| Operation::WriteMeanwhile(n, bytes)),
    ]
}

/// What one vectored write of at most `n` bytes takes.
fn write(batch: &mut Batch, n: usize) -> Vec<u8> {
    let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
    batch.slices(&mut slices);
    let mut written: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
    drop(slices);
    written.truncate(n);
    batch.advance(written.len());
    written
}

proptest! {
    #[test]
    fn order_is_kept(operations in prop::collection::vec(operation(), 0..60)) {
        let mut pending = WriteBuffer::default();
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        for operation in operations {
            match operation {
                Operation::Put(bytes) => {
                    pending.put(&bytes);
                    expected.extend(bytes);
                }
                Operation::Share(bytes) => {
                    expected.extend(&bytes);
                    pending.put_shared(Bytes::from(bytes));
                }
                Operation::Write(n) => {
                    let mut batch = pending.take(Vec::new());
                    found.extend(write(&mut batch, n));
                    pending.put_back(batch);
                }
                Operation::WriteMeanwhile(n, bytes) => {
                    let mut batch = pending.take(vec![1, 2, 3]);
                    pending.put(&bytes);
                    expected.extend(&bytes);
                    found.extend(write(&mut batch, n));
                    pending.put_back(batch);
                }
            }
            prop_assert_eq!(pending.len(), expected.len() - found.len());
        }
        pending.take(Vec::new()).copy_to(&mut found);
        prop_assert_eq!(found, expected);
        prop_assert!(pending.is_empty());
    }
}

#[test]
fn very_many_parts_are_cut_and_go_on() {
    let mut pending = WriteBuffer::default();
    let mut expected = Vec::new();
    for number in 0..1000u16 {
        pending.put(&number.to_be_bytes());
        pending.put_shared(Bytes::from_static(b"shared"));
        expected.extend(number.to_be_bytes());
        expected.extend(b"shared");
    }
    let mut batch = pending.take(Vec::new());
    let mut found = Vec::new();
    while !batch.is_empty() {
        let part = write(&mut batch, usize::MAX);
        assert!(!part.is_empty());
        found.extend(part);
        assert!(found.len() <= expected.len());
    }
    assert_eq!(found, expected);
}

#[test]
fn a_batch_of_an_ended_connection_does_not_come_back() {
    let mut pending = WriteBuffer::default();
    pending.put(b"old");
    let batch = pending.take(Vec::new());
    pending.put(b"last");
    pending.seal();
    pending.put_back(batch);
    assert_eq!(pending.len(), 4);
    pending.clear();
    assert!(pending.is_empty());
}

#[test]
fn the_buffer_goes_round() {
    let mut pending = WriteBuffer::default();
    pending.put(b"abc");
    assert!(pending.release().is_none(), "bytes wait in it");
    let buffer = pending.take(Vec::with_capacity(64)).recycle();
    assert!(buffer.is_empty() && buffer.capacity() >= 3);
    assert!(pending.release().is_some_and(|buffer| buffer.capacity() == 64));
    assert_eq!(pending.capacity(), 0);
}

#[test]
fn rests_of_two_batches_come_back_in_their_order() {
    let mut pending = WriteBuffer::default();
    pending.put(b"12");
    let mut first = pending.take(Vec::new());
    pending.put(b"34");
    pending.put_shared(Bytes::from_static(b"56"));
    pending.put(b"78");
    let mut second = pending.take(Vec::new());
    assert_eq!(write(&mut first, 1), b"1");
    assert_eq!(write(&mut second, 1), b"3");
    pending.put_back(second);
    pending.put_back(first);
    let mut found = Vec::new();
    pending.take(Vec::new()).copy_to(&mut found);
    assert_eq!(found, b"245678");
}

#[test]
fn one_write_has_at_most_256_slices() {
    for (odd, expected) in [(false, 256), (true, 255)] {
        let mut pending = WriteBuffer::default();
        for number in 0..300u16 {
            if number > 0 || !odd {
                pending.put(&number.to_be_bytes());
            }
            pending.put_shared(Bytes::from_static(b"shared"));
        }
        let batch = pending.take(Vec::new());
        let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
        batch.slices(&mut slices);
        assert_eq!(slices.len(), expected);
    }
}

#[test]
fn what_is_written_off_does_not_stay() {
    for written in [50, 90] {
        let mut pending = WriteBuffer::default();
        pending.put(&[0; 100]);
        for _ in 0..10_000 {
            let mut batch = pending.take(Vec::new());
            pending.put(&vec![0; written]);
            assert_eq!(write(&mut batch, written).len(), written);
            pending.put_back(batch);
        }
        assert_eq!(pending.len(), 100);
        assert!(pending.capacity() < 2000, "{}", pending.capacity());
    }
}

#[test]
fn there_is_nothing_to_release_without_a_buffer() {
    assert_eq!(WriteBuffer::default().release(), None);
}
