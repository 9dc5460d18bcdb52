//! The bound of the queue.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, PacketId, ReasonCode};
use tidegate_persistence::Commit;

use super::{AckQueue, Reply};
use crate::signals::Signals;

#[test]
fn the_queue_is_full_at_its_limit_until_an_answer_is_taken() {
    let mut queue = AckQueue::new(Commit(0), Arc::new(Signals::new(Instant::now())), 2);
    for number in 1..3 {
        assert!(!queue.is_full());
        let ack = Ack::new(AckKind::PubAck, PacketId::new(number).unwrap(), ReasonCode::Success);
        queue.push(Commit(number.into()), Reply::Ack(ack));
    }
    assert!(queue.is_full());
    assert!(queue.pop(Commit(0)).is_none() && queue.is_full());
    assert!(queue.pop(Commit(1)).is_some() && !queue.is_full());
}

/// The text of `tidegate_session::Config::ack_queue_len_max` states this size.
#[test]
fn an_answer_uses_24_bytes() {
    assert_eq!(size_of::<(Commit, Reply)>(), 24);
}
