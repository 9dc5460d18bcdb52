//! The open batch has bounds, at which the caller is told to slow down; what was begun is taken.

use tidegate_persistence::{Appended, Commit, Disk, Store};

use crate::samples::{enqueue, key, message, open_session};
use crate::world::{World, accepted};

fn held(world: &mut World) -> Disk {
    let store = world.open();
    world.watch.hold();
    accepted(store.append(&mut vec![open_session(1)]));
    world.watch.is_held();
    store
}

#[test]
fn operations_are_counted() {
    let mut world = World::new();
    world.config.batch_len_max = 3;
    let store = held(&mut world);
    let answers: Vec<_> = (2..6).map(|number| store.append(&mut vec![open_session(number)])).collect();
    let (taken, slow) = (Appended::Accepted(Commit(2)), Appended::Slow(Commit(2)));
    assert_eq!(answers, [taken, taken, slow, slow]);
    world.watch.release();
    world.watch.committed(Commit(2));
    assert_eq!(store.append(&mut vec![open_session(9)]), Appended::Accepted(Commit(3)));
}

#[test]
fn bytes_are_counted_and_a_body_once_a_call() {
    let mut world = World::new();
    world.config.batch_bytes_max = 1 << 20;
    let store = held(&mut world);
    let body = message("t", &vec![0; 400_000]);
    let mut fan_out = (1..1000).map(|number| enqueue(key(number, 1, 0), &body)).collect();
    assert_eq!(store.append(&mut fan_out), Appended::Accepted(Commit(2)));
    assert_eq!(
        store.append(&mut vec![enqueue(key(1, 2, 0), &message("t", &vec![0; 700_000]))]),
        Appended::Slow(Commit(2))
    );
    world.watch.release();
}
