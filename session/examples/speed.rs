//! Measures the CPU time per message of the most frequent calls: `cargo run --release -p tidegate-session --example
//! speed`.
#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used, clippy::panic)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{
    Ack, AckKind, Connect, Message, MessageParts, PacketId, ProtocolVersion, QoS, ReasonCode, topic,
};
use tidegate_session::{Config, Delivery, Handshake, Session, Step, Verdict};

const MESSAGE_COUNT: u32 = 4_000_000;
/// Number of messages between two writes to the socket.
const BATCH_LEN: u32 = 64;

fn main() {
    for version in [ProtocolVersion::V3_1_1, ProtocolVersion::V5] {
        for _ in 0..2 {
            println!(
                "{version}: QoS 1 push and PUBACK {:.1} ns, QoS 0 push {:.1} ns, push_encoded {:.1} ns",
                push_and_acknowledge(version),
                push_qos_0(version),
                push_encoded(version)
            );
        }
    }
    println!("size_of::<Session>() = {}", size_of::<Session>());
}

fn open_session(version: ProtocolVersion, now: Instant) -> Session {
    let config = Arc::new(Config::default());
    let mut handshake = Handshake::new(Arc::clone(&config), None);
    let Step::Accept(negotiated) = handshake.handle_connect(Connect::new(version, "client"), String::new)
    else {
        panic!("refused");
    };
    let mut session = Session::new(1, config);
    let _ = session.attach(&negotiated, now);
    session.resume(now);
    session
}

fn message() -> Arc<Message> {
    let topic = topic::Name::parse("sensors/42/temperature").unwrap();
    let qos = QoS::AtLeastOnce;
    let payload = &[7; 64];
    let parts = MessageParts {
        topic: &topic,
        properties: &[],
        payload,
        qos,
        retain: false,
        publisher: 1,
        expires_at: None,
    };
    Arc::new(Message::from_parts(&parts))
}

/// Repeatedly pushes a batch of QoS 1 messages, takes the bytes and acknowledges the batch. Returns nanoseconds per
/// message.
fn push_and_acknowledge(version: ProtocolVersion) -> f64 {
    let now = Instant::now();
    let mut session = open_session(version, now);
    let message = message();
    let delivery = Delivery {
        message: &message,
        qos: QoS::AtLeastOnce,
        retain: false,
        subscription_identifiers: &[],
        shared_filter: None,
    };
    let mut pooled = Vec::new();
    let mut id = PacketId::MIN;
    let start = cpu_time();
    for _ in 0..MESSAGE_COUNT / BATCH_LEN {
        for _ in 0..BATCH_LEN {
            assert_eq!(session.push(black_box(&delivery), now), Verdict::Sent);
        }
        pooled = session.write_buffer().take(pooled).recycle();
        for _ in 0..BATCH_LEN {
            let ack = Ack::new(AckKind::PubAck, id, ReasonCode::Success);
            session.handle_ack(black_box(&ack), now).unwrap();
            id = id.next();
        }
    }
    assert_eq!(session.inflight(), 0);
    nanoseconds_per_message(start)
}

/// Repeatedly pushes a batch of QoS 0 messages and takes the bytes. Returns nanoseconds per message.
fn push_qos_0(version: ProtocolVersion) -> f64 {
    let now = Instant::now();
    let mut session = open_session(version, now);
    let message = message();
    let delivery = Delivery {
        message: &message,
        qos: QoS::AtMostOnce,
        retain: false,
        subscription_identifiers: &[],
        shared_filter: None,
    };
    let mut pooled = Vec::new();
    let start = cpu_time();
    for _ in 0..MESSAGE_COUNT / BATCH_LEN {
        for _ in 0..BATCH_LEN {
            assert_eq!(session.push(black_box(&delivery), now), Verdict::Sent);
        }
        pooled = session.write_buffer().take(pooled).recycle();
    }
    nanoseconds_per_message(start)
}

/// Repeatedly pushes a batch of encoded frames and takes the bytes. Returns nanoseconds per message.
fn push_encoded(version: ProtocolVersion) -> f64 {
    let now = Instant::now();
    let mut session = open_session(version, now);
    let frame = [0x30; 90];
    let mut pooled = Vec::new();
    let start = cpu_time();
    for _ in 0..MESSAGE_COUNT / BATCH_LEN {
        for _ in 0..BATCH_LEN {
            assert_eq!(session.push_encoded(black_box(&frame), 1, frame.len()), Verdict::Sent);
        }
        pooled = session.write_buffer().take(pooled).recycle();
    }
    nanoseconds_per_message(start)
}

/// Returns the CPU time that this thread has used, in nanoseconds. Other processes do not distort it.
fn cpu_time() -> f64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    schedstat.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

fn nanoseconds_per_message(start: f64) -> f64 {
    (cpu_time() - start) / f64::from(MESSAGE_COUNT)
}
