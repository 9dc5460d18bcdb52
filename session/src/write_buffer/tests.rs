//! Bytes are written in the order in which they were added, regardless of how many bytes each write accepts.

use std::io::IoSlice;

use bytes::Bytes;
use proptest::prelude::*;
use smallvec::SmallVec;

use super::{Batch, WriteBuffer};

#[derive(Clone, Debug)]
enum Operation {
    Put(Vec<u8>),
    Share(Vec<u8>),
    /// Takes all bytes, writes at most this many of them, and returns the rest to the buffer.
    Write(usize),
    /// Takes all bytes, adds the new bytes to the buffer, writes at most this many of the taken bytes, and returns the
    /// rest to the buffer.
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

/// Performs one vectored write of at most `n` bytes. Returns the written bytes.
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
    fn bytes_are_written_in_the_order_in_which_they_were_added(operations in prop::collection::vec(operation(), 0..60)) {
        let mut write_buffer = WriteBuffer::default();
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        for operation in operations {
            match operation {
                Operation::Put(bytes) => {
                    assert!(write_buffer.put(&bytes));
                    expected.extend(bytes);
                }
                Operation::Share(bytes) => {
                    expected.extend(&bytes);
                    write_buffer.put_shared(Bytes::from(bytes));
                }
                Operation::Write(n) => {
                    let mut batch = write_buffer.take(Vec::new());
                    found.extend(write(&mut batch, n));
                    write_buffer.put_back(batch).unwrap();
                }
                Operation::WriteMeanwhile(n, bytes) => {
                    let mut batch = write_buffer.take(vec![1, 2, 3]);
                    assert!(write_buffer.put(&bytes));
                    expected.extend(&bytes);
                    found.extend(write(&mut batch, n));
                    write_buffer.put_back(batch).unwrap();
                }
            }
            prop_assert_eq!(write_buffer.len(), expected.len() - found.len());
        }
        write_buffer.take(Vec::new()).copy_to(&mut found);
        prop_assert_eq!(found, expected);
        prop_assert!(write_buffer.is_empty());
    }
}

#[test]
fn a_batch_with_more_parts_than_slices_takes_several_writes() {
    let mut write_buffer = WriteBuffer::default();
    let mut expected = Vec::new();
    for number in 0..1000u16 {
        assert!(write_buffer.put(&number.to_be_bytes()));
        write_buffer.put_shared(Bytes::from_static(b"shared"));
        expected.extend(number.to_be_bytes());
        expected.extend(b"shared");
    }
    let mut batch = write_buffer.take(Vec::new());
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
fn a_batch_of_an_ended_connection_is_dropped_when_put_back() {
    let mut write_buffer = WriteBuffer::default();
    assert!(write_buffer.put(b"old"));
    let batch = write_buffer.take(Vec::new());
    assert!(write_buffer.put(b"last"));
    write_buffer.seal();
    write_buffer.put_back(batch).unwrap();
    assert_eq!(write_buffer.len(), 4);
    write_buffer.clear();
    assert!(write_buffer.is_empty());
}

#[test]
fn an_empty_buffer_can_be_recycled_and_released() {
    let mut write_buffer = WriteBuffer::default();
    assert!(write_buffer.put(b"abc"));
    assert!(write_buffer.release().is_none(), "bytes wait in it");
    let buffer = write_buffer.take(Vec::with_capacity(64)).recycle();
    assert!(buffer.is_empty() && buffer.capacity() >= 3);
    assert!(write_buffer.release().is_some_and(|buffer| buffer.capacity() == 64));
    assert_eq!(write_buffer.capacity(), 0);
}

#[test]
fn the_rests_of_two_batches_keep_their_order_when_put_back() {
    let mut write_buffer = WriteBuffer::default();
    assert!(write_buffer.put(b"12"));
    let mut first = write_buffer.take(Vec::new());
    assert!(write_buffer.put(b"34"));
    write_buffer.put_shared(Bytes::from_static(b"56"));
    assert!(write_buffer.put(b"78"));
    let mut second = write_buffer.take(Vec::new());
    assert_eq!(write(&mut first, 1), b"1");
    assert_eq!(write(&mut second, 1), b"3");
    write_buffer.put_back(second).unwrap();
    write_buffer.put_back(first).unwrap();
    let mut found = Vec::new();
    write_buffer.take(Vec::new()).copy_to(&mut found);
    assert_eq!(found, b"245678");
}

#[test]
fn one_write_has_at_most_256_slices() {
    for (odd, expected) in [(false, 256), (true, 255)] {
        let mut write_buffer = WriteBuffer::default();
        for number in 0..300u16 {
            if number > 0 || !odd {
                assert!(write_buffer.put(&number.to_be_bytes()));
            }
            write_buffer.put_shared(Bytes::from_static(b"shared"));
        }
        let batch = write_buffer.take(Vec::new());
        let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
        batch.slices(&mut slices);
        assert_eq!(slices.len(), expected);
    }
}

#[test]
fn written_bytes_do_not_occupy_memory() {
    for written in [50, 90] {
        let mut write_buffer = WriteBuffer::default();
        assert!(write_buffer.put(&[0; 100]));
        for _ in 0..10_000 {
            let mut batch = write_buffer.take(Vec::new());
            assert!(write_buffer.put(&vec![0; written]));
            assert_eq!(write(&mut batch, written).len(), written);
            write_buffer.put_back(batch).unwrap();
        }
        assert_eq!(write_buffer.len(), 100);
        assert!(write_buffer.capacity() < 2000, "{}", write_buffer.capacity());
    }
}

#[test]
fn a_write_buffer_without_an_allocation_releases_nothing() {
    assert_eq!(WriteBuffer::default().release(), None);
}
