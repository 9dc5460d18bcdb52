#![allow(clippy::unwrap_used)]

use super::{HEADROOM, LARGE_ALLOCATION_MIN, OutOfMemory, check, probe, reserve, simulate_limit};

/// Number of bytes that no machine can allocate.
const TOO_MANY_BYTES: usize = usize::MAX / 4;

#[test]
fn available_memory_is_granted() {
    check(LARGE_ALLOCATION_MIN).unwrap();
    let mut buffer = b"x".to_vec();
    reserve(&mut buffer, 10 * LARGE_ALLOCATION_MIN).unwrap();
    assert!(buffer.capacity() > 10 * LARGE_ALLOCATION_MIN);
    assert_eq!(buffer, b"x");
}

#[test]
fn reserve_doubles_the_capacity() {
    let mut buffer = vec![0; LARGE_ALLOCATION_MIN];
    reserve(&mut buffer, 1).unwrap();
    assert_eq!(buffer.capacity(), 2 * LARGE_ALLOCATION_MIN);
    let mut small = vec![0; 100];
    reserve(&mut small, 1).unwrap();
    assert_eq!(small.capacity(), 200);
}

#[test]
fn a_request_for_too_much_memory_is_an_error_and_leaves_the_buffer_unchanged() {
    assert_eq!(check(TOO_MANY_BYTES), Err(OutOfMemory));
    assert_eq!(check(usize::MAX), Err(OutOfMemory));
    let mut buffer = b"x".to_vec();
    assert_eq!(reserve(&mut buffer, TOO_MANY_BYTES), Err(OutOfMemory));
    assert_eq!(reserve(&mut buffer, usize::MAX), Err(OutOfMemory));
    assert_eq!(buffer, b"x");
}

#[test]
fn a_simulated_limit_holds_until_it_is_dropped() {
    check(LARGE_ALLOCATION_MIN).unwrap();
    let limit = simulate_limit(LARGE_ALLOCATION_MIN);
    assert_eq!((probe(LARGE_ALLOCATION_MIN), probe(LARGE_ALLOCATION_MIN + 1)), (Ok(()), Err(OutOfMemory)));
    assert_eq!(check(LARGE_ALLOCATION_MIN + 1), Err(OutOfMemory), "although the memory was granted");
    drop(limit);
    assert_eq!((probe(LARGE_ALLOCATION_MIN + 1), check(LARGE_ALLOCATION_MIN + 1)), (Ok(()), Ok(())));
}

#[test]
fn small_allocations_are_not_checked() {
    check(LARGE_ALLOCATION_MIN - 1).unwrap();
    const { assert!(HEADROOM > LARGE_ALLOCATION_MIN) };
}
