//! Tests that a listener can have stricter limits than the others. The broker announces and enforces these limits for
//! the connections of this listener only.

#![allow(clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::TcpStream;

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::tidegate_client::{client_options, message, subscribe, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Connect, Packet, ProtocolVersion, ReasonCode, SubscriptionOptions, UserProperties};

/// Starts a broker whose TCP listener has these limits.
fn start(limits: &str) -> Broker {
    let line = format!("session: {{ {limits} }}");
    Broker::start_with(Config::every_transport().with_listener_line(Transport::Tcp, &line))
}

fn options(broker: &Broker, transport: Transport, client_id: &str) -> Options {
    client_options(broker, transport, ProtocolVersion::V5, client_id)
}

async fn connect(options: &Options) -> Client {
    Client::connect(options, State::default()).await.expect("CONNACK")
}

#[tokio::test]
async fn connack_announces_the_limits_of_its_listener() {
    let broker = start("packet_size_max: 1KiB, qos_max: 1, receive_maximum: 5, shared_available: false");
    let strict = connect(&options(&broker, Transport::Tcp, "strict")).await;
    let connack = strict.connack();
    assert_eq!((connack.packet_size_max, connack.receive_maximum), (Some(1024), Some(5)));
    assert_eq!(connack.qos_max.map(|qos| qos.value()), Some(1));
    assert_eq!(connack.shared_available, Some(false));
    for transport in [Transport::Ws, Transport::Tls, Transport::Quic] {
        let general = connect(&options(&broker, transport, "general")).await;
        let connack = general.connack();
        assert_eq!((connack.packet_size_max, connack.receive_maximum), (Some(1 << 20), Some(1024)));
        assert_eq!((connack.qos_max, connack.shared_available), (None, None), "{transport:?}");
    }
}

#[tokio::test]
async fn a_packet_above_the_limit_of_its_listener_ends_the_connection() {
    let broker = start("packet_size_max: 1KiB");
    let large = Packet::from(message("a", &"x".repeat(2000), 0));
    let mut bytes = Vec::new();
    Packet::from(Connect::new(ProtocolVersion::V5, "strict"))
        .encode(ProtocolVersion::V5, &mut bytes)
        .expect("CONNECT");
    large.encode(ProtocolVersion::V5, &mut bytes).expect("PUBLISH");
    let mut stream = TcpStream::connect(("127.0.0.1", broker.port(Transport::Tcp))).expect("a connection");
    stream.set_read_timeout(Some(EVENT_TIMEOUT)).expect("a deadline");
    stream.write_all(&bytes).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the end of the connection");
    let reason = ReasonCode::PacketTooLarge.value();
    let is_disconnect = |bytes: &[u8]| matches!(bytes, [0xe0, _, found] if *found == reason);
    assert!(answer.windows(3).any(is_disconnect), "{answer:?}");
    let mut general = connect(&options(&broker, Transport::Ws, "general")).await;
    subscribe(&mut general, "a", 0).await;
    general.publish(message("a", &"x".repeat(2000), 0)).await.expect("sent");
    assert_eq!(general.message().await.expect("the message").payload.len(), 2000);
}

#[tokio::test]
async fn a_session_has_the_limits_of_the_listener_that_it_is_resumed_at() {
    let broker = start("subscriptions_max: 1");
    for (transport, filter, reason) in [
        (Transport::Ws, "a", 0),
        (Transport::Tcp, "b", ReasonCode::QuotaExceeded.value()),
        (Transport::Ws, "b", 0),
    ] {
        let mut client = connect(&with_persistent_session(options(&broker, transport, "one"))).await;
        let filter = SubscriptionFilter::parse(filter).expect("a filter");
        let entry = (filter, SubscriptionOptions::default());
        let suback = client.subscribe([entry], None, UserProperties::new()).await.expect("SUBACK");
        assert_eq!(suback.reasons.iter().map(|code| code.value()).collect::<Vec<_>>(), [reason]);
        let _ = client.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    }
}

/// The publisher sends all messages at once, so that the broker reads them together.
#[tokio::test]
async fn only_sessions_of_the_listener_that_rejects_refuse_messages() {
    let broker = start("queue_len_max: 1, overflow: reject");
    for (transport, client_id, refused) in
        [(Transport::Ws, "general", [false, false, false]), (Transport::Tcp, "strict", [false, true, true])]
    {
        let options_of_reader = with_persistent_session(options(&broker, transport, client_id));
        let mut reader = connect(&options_of_reader).await;
        subscribe(&mut reader, client_id, 1).await;
        let _ = reader.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
        let mut publisher = connect(&options(&broker, Transport::Tls, "publisher")).await;
        let mut ids = Vec::new();
        for _ in 0..refused.len() {
            ids.push(publisher.publish(message(client_id, "x", 1)).await.expect("sent").expect("an id"));
        }
        for (id, is_refused) in ids.into_iter().zip(refused) {
            let done = publisher.acknowledged(id).await.expect("PUBACK");
            assert_eq!(done.reason == ReasonCode::QuotaExceeded, is_refused, "{client_id}: {done:?}");
        }
    }
}
