//! Chooses configurations and clients, often with bounds so small that operations reach them.

use std::sync::Arc;

use tidegate_mqtt::{Connect, ProtocolVersion, QoS, Will, topic};
use tidegate_session::{Config, Overflow};

use crate::source::Source;

/// The authentication method that the server supports.
pub(super) const METHOD: &str = "steps";

/// The CONNECT of a client and its answers to AUTH.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) connect: Connect,
    /// Authentication data with which the client answers the server's AUTH packets, in order.
    pub(super) answers: [&'static [u8]; 2],
}

pub(super) fn config(source: &mut Source<'_>) -> Arc<Config> {
    let mut config = Config {
        session_expiry_max: source.pick(&[u32::MAX, u32::MAX, 10, 0]),
        receive_maximum: source.pick(&[1024, 4, 1]),
        topic_alias_maximum: source.pick(&[3, 3, 0]),
        outgoing_alias_max: source.pick(&[16, 2, 0]),
        keep_alive_max: source.pick(&[0, 30]),
        client_id_len_max: source.pick(&[65_535, 4]),
        client_id_strict: source.next_bool(),
        subscriptions_max: source.pick(&[10_000, 3, 0]),
        ..Config::default()
    };
    set_bounds(source, &mut config);
    set_capabilities(source, &mut config);
    Arc::new(config)
}

fn set_bounds(source: &mut Source<'_>, config: &mut Config) {
    config.inflight_max = source.pick(&[1024, 3, 1, 0]);
    config.queue_len_max = source.pick(&[1000, 1000, 4, 1, 0]);
    config.queue_bytes_max = source.pick(&[1 << 20, 1 << 20, 2000, 300]);
    config.overflow = source.pick(&[Overflow::DropOldest, Overflow::DropNewest, Overflow::Reject]);
    config.pending_bytes_high = source.pick(&[1 << 20, 1 << 20, 500, 1]);
    config.pending_bytes_max = source.pick(&[1 << 22, 1 << 22, 1000, 100]);
}

fn set_capabilities(source: &mut Source<'_>, config: &mut Config) {
    config.qos_max = source.pick(&[QoS::ExactlyOnce, QoS::ExactlyOnce, QoS::AtLeastOnce, QoS::AtMostOnce]);
    config.retain_available = !source.rarely(8);
    config.wildcard_available = !source.rarely(8);
    config.identifier_available = !source.rarely(8);
    config.shared_available = !source.rarely(8);
    config.response_information = source.maybe(|_| Arc::from("response/information"));
}

pub(super) fn client(source: &mut Source<'_>) -> Client {
    let version = source.pick(&[
        ProtocolVersion::V5,
        ProtocolVersion::V5,
        ProtocolVersion::V5,
        ProtocolVersion::V3_1_1,
        ProtocolVersion::V3_1,
    ]);
    let mut connect =
        Connect::new(version, source.pick(&["c", "c", "c", "", "a-client-identifier-of-some-length"]));
    connect.clean_start = source.rarely(4);
    connect.keep_alive = source.pick(&[0, 10, 60]);
    connect.will = source.maybe(|source| will(source, version));
    if version.is_v5() {
        set_properties(source, &mut connect);
    }
    let mut answer = || source.pick(&[b"yes".as_slice(), b"more", b"no"]);
    Client { connect, answers: [answer(), answer()] }
}

fn set_properties(source: &mut Source<'_>, connect: &mut Connect) {
    connect.session_expiry = source.pick(&[Some(100), Some(u32::MAX), Some(2), Some(0), None]);
    connect.receive_maximum = source.pick(&[None, Some(10), Some(2), Some(1)]);
    connect.packet_size_max = source.pick(&[None, None, None, Some(300), Some(40), Some(5)]);
    connect.topic_alias_maximum = source.pick(&[None, Some(2), Some(100)]);
    connect.request_problem_information = source.next_bool();
    connect.request_response_information = source.next_bool();
    let method = source.pick(&[None, None, None, None, Some(METHOD), Some("unknown")]);
    connect.authentication_method = method.map(str::to_owned);
}

fn will(source: &mut Source<'_>, version: ProtocolVersion) -> Will {
    let name = topic::Name::parse("will").expect("a topic name");
    // The payload distinguishes this will from other wills.
    let mut will = Will::new(name, source.take(2).to_vec(), source.pick(&QoS::ALL));
    will.retain = source.rarely(4);
    if version.is_v5() {
        will.delay = source.pick(&[0, 1, 3, 50, u32::MAX]);
    }
    will
}
