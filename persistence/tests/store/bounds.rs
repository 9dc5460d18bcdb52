//! The open batch has limits. When a limit is reached, `append` still accepts operations, but returns `Slow`.

use tidegate_persistence::{Appended, Commit, Disk, Journal};

use crate::harness::{Harness, accepted};
use crate::samples::{enqueue, key, message, open_session};

fn store_with_held_writer(harness: &mut Harness) -> Disk {
    let store = harness.open();
    harness.watch.hold_writer();
    accepted(store.append(&mut vec![open_session(1)]));
    harness.watch.wait_until_held();
    store
}

#[test]
fn append_reports_slow_at_the_operation_limit() {
    let mut harness = Harness::new();
    harness.config.batch_len_max = 3;
    let store = store_with_held_writer(&mut harness);
    let answers: Vec<_> = (2..6).map(|number| store.append(&mut vec![open_session(number)])).collect();
    let (taken, slow) = (Appended::Accepted(Commit(2)), Appended::Slow(Commit(2)));
    assert_eq!(answers, [taken, taken, slow, slow]);
    harness.watch.release_writer();
    harness.watch.wait_for_commit(Commit(2));
    assert_eq!(store.append(&mut vec![open_session(9)]), Appended::Accepted(Commit(3)));
}

#[test]
fn append_reports_slow_at_the_byte_limit_and_counts_a_shared_body_once() {
    let mut harness = Harness::new();
    harness.config.batch_bytes_max = 1 << 20;
    let store = store_with_held_writer(&mut harness);
    let body = message("t", &vec![0; 400_000]);
    let mut fan_out = (1..1000).map(|number| enqueue(key(number, 1, 0), &body)).collect();
    assert_eq!(store.append(&mut fan_out), Appended::Accepted(Commit(2)));
    assert_eq!(
        store.append(&mut vec![enqueue(key(1, 2, 0), &message("t", &vec![0; 700_000]))]),
        Appended::Slow(Commit(2))
    );
    harness.watch.release_writer();
}
