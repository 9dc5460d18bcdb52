//! A full queue drops expired messages first, but does not look for expired messages at every push.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::{Message, MessageParts, QoS, topic};

use super::Queue;
use crate::config::{Config, Overflow};
use crate::stored_delivery::{Delivery, StoredDelivery};
use crate::verdict::{DropReason, Drops, Verdict};

#[allow(clippy::disallowed_methods)]
fn start() -> Instant {
    Instant::now()
}

fn stored(expires_at: Option<Instant>) -> StoredDelivery {
    let topic = topic::Name::parse("a").unwrap();
    let qos = QoS::AtLeastOnce;
    let parts = MessageParts {
        topic: &topic,
        properties: &[],
        payload: &[],
        qos,
        retain: false,
        publisher: 0,
        expires_at,
    };
    let message = Arc::new(Message::from_parts(&parts));
    StoredDelivery::new(
        &Delivery {
            message: &message,
            qos,
            retain: false,
            subscription_identifiers: &[],
            shared_filter: None,
        },
        false,
    )
}

#[test]
fn a_full_queue_drops_expired_messages_first() {
    let now = start();
    let config = Config { queue_len_max: 4, overflow: Overflow::DropNewest, ..Config::default() };
    let (mut queue, mut drops) = (Queue::default(), Drops::default());
    for index in 0..4 {
        let expires_at = (index % 2 == 1).then(|| now + Duration::from_secs(1));
        assert_eq!(queue.push(stored(expires_at), &config, now, &mut drops, &mut None), Verdict::Queued);
    }
    let full = queue.push(stored(None), &config, now, &mut drops, &mut None);
    assert_eq!(full, Verdict::Dropped(DropReason::QueueFull));
    let later = now + Duration::from_secs(1);
    for _ in 0..2 {
        assert_eq!(queue.push(stored(None), &config, later, &mut drops, &mut None), Verdict::Queued);
    }
    assert_eq!((drops.expired, drops.queue_full), (2, 1));
    assert_eq!(queue.len(), 4);
    let size = stored(None).message.size();
    assert_eq!(queue.bytes(), 4 * size);
}

#[test]
fn bytes_are_exact_after_eviction_sweep_and_pop() {
    let now = start();
    let config = Config { queue_len_max: 3, ..Config::default() };
    let (mut queue, mut drops) = (Queue::default(), Drops::default());
    for seconds in 1..=5 {
        let _ =
            queue.push(stored(Some(now + Duration::from_secs(seconds))), &config, now, &mut drops, &mut None);
    }
    queue.sweep(now + Duration::from_secs(4), &mut drops, &mut None);
    assert_eq!(queue.len(), 1);
    assert!(queue.pop().is_some());
    assert_eq!(queue.bytes(), 0);
    assert_eq!((drops.queue_full, drops.expired), (2, 2));
}

#[test]
fn a_queue_of_length_zero_drops_every_message() {
    let config = Config { queue_len_max: 0, ..Config::default() };
    let (mut queue, mut drops) = (Queue::default(), Drops::default());
    let verdict = queue.push(stored(None), &config, start(), &mut drops, &mut None);
    assert_eq!(verdict, Verdict::Dropped(DropReason::QueueFull));
}

#[test]
fn a_full_queue_is_swept_after_pushes_of_a_quarter_of_its_length() {
    let now = start();
    let config = Config { queue_len_max: 8, overflow: Overflow::DropNewest, ..Config::default() };
    let (mut queue, mut drops) = (Queue::default(), Drops::default());
    let later = now + Duration::from_secs(1);
    for _ in 0..8 {
        let _ = queue.push(stored(Some(later)), &config, now, &mut drops, &mut None);
    }
    let refused = Verdict::Dropped(DropReason::QueueFull);
    for expected in [refused, refused, Verdict::Queued] {
        assert_eq!(queue.push(stored(None), &config, later, &mut drops, &mut None), expected);
    }
    assert_eq!((drops.expired, queue.len()), (8, 1));
}
