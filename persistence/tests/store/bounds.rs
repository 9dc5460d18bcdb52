//! The open batch has bounds: at one the caller is told to slow down, at twice that it is refused.

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
    let answers: Vec<_> = (2..9).map(|number| store.append(&mut vec![open_session(number)])).collect();
    let (taken, slow) = (Appended::Accepted(Commit(2)), Appended::Slow(Commit(2)));
    let refused = Appended::Refused;
    assert_eq!(answers, [taken, taken, slow, slow, slow, slow, refused]);
    let mut refused = vec![open_session(9)];
    assert_eq!(store.append(&mut refused), Appended::Refused);
    assert_eq!(refused.len(), 1, "the list stays as it is");
    world.watch.release();
    world.watch.committed(Commit(2));
    assert_eq!(store.append(&mut refused), Appended::Accepted(Commit(3)));
}

#[test]
fn bytes_are_counted_and_a_body_once_a_call() {
    let mut world = World::new();
    world.config.batch_bytes_max = 1 << 20;
    let store = held(&mut world);
    let body = message("t", &vec![0; 400_000]);
    let mut fan_out = (1..1000).map(|number| enqueue(key(number, 1, 0), &body)).collect();
    assert_eq!(store.append(&mut fan_out), Appended::Accepted(Commit(2)));
    let more = |number| store.append(&mut vec![enqueue(key(number, 2, 0), &message("t", &vec![0; 600_000]))]);
    assert_eq!(more(1), Appended::Slow(Commit(2)));
    assert_eq!([more(2), more(3), more(4)].last(), Some(&Appended::Refused));
    world.watch.release();
}
