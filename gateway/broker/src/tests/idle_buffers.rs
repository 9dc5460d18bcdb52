//! Tests that an idle session keeps no write buffer.

use super::*;

/// Writes the bytes that wait for the client, with buffers of `POOLED` bytes from the pool.
fn write_out(test: &mut TestBroker, client: &Attachment) {
    let mut turn = test.workspace.turn(test.now, BUDGET);
    let batch = test.broker.take_output(&mut turn, &client.owner, || Vec::with_capacity(POOLED)).unwrap();
    assert!(batch.is_some_and(|batch| !batch.is_empty()));
    test.carry_out();
}

fn kept_capacity(client: &Attachment) -> usize {
    client.owner.handle.lock().session.write_buffer().capacity()
}

/// Capacity of a buffer from the pool, in bytes.
const POOLED: usize = 4096;

#[test]
fn a_session_keeps_a_pooled_buffer_only_while_its_client_is_busy() {
    let mut test = TestBroker::new(SessionConfig::default());
    let publisher = test.attach("publisher", |_| {});
    let client = test.attach("client", |connect| connect.keep_alive = 10);
    test.subscribe(&client, "t", QoS::AtMostOnce);
    test.publish(&publisher, "t", QoS::AtMostOnce, &[b"first"]);
    write_out(&mut test, &client);
    assert_eq!(kept_capacity(&client), 0, "after the first bytes");
    test.publish(&publisher, "t", QoS::AtMostOnce, &[b"next"]);
    write_out(&mut test, &client);
    assert_eq!(kept_capacity(&client), POOLED, "while messages arrive");
    let timers: Vec<_> = test.workspace.effects.take_timers().collect();
    assert_eq!(timers.len(), 1, "the check of the keep alive");
    for timer in timers {
        test.now = timer.at;
        let _ = test.broker.timeout(&mut test.workspace.turn(test.now, BUDGET), timer);
    }
    assert_eq!(kept_capacity(&client), 0, "after the keep alive was checked");
}
