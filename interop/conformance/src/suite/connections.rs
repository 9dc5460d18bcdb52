//! Connections and sessions: data types, CONNECT, CONNACK, keep alive, will, session expiry, authentication.

use crate::case::Case;
use crate::client::{Client, ConnectBuilder};
use crate::harness::Harness;
use crate::wire::property;

mod authentication;
mod capabilities;
mod clean_start;
mod client_id;
mod connack;
mod connect_fields;
mod first_packet;
mod fixed_header;
mod keep_alive;
mod packet_identifier;
mod packet_size;
mod properties;
mod protocol;
mod protocol_fault;
mod refusal;
mod request_information;
mod session_expiry;
mod takeover;
mod text;
mod topic_alias;
mod transport;
mod will;
mod will_delay;
mod will_trigger;

/// The tests of each file in this area.
pub(super) const AREA: &[&[Case]] = &[
    authentication::CASES,
    capabilities::CASES,
    clean_start::CASES,
    client_id::CASES,
    connack::CASES,
    connect_fields::CASES,
    protocol_fault::CASES,
    first_packet::CASES,
    fixed_header::CASES,
    request_information::CASES,
    keep_alive::CASES,
    packet_identifier::CASES,
    packet_size::CASES,
    properties::CASES,
    protocol::CASES,
    refusal::CASES,
    session_expiry::CASES,
    takeover::CASES,
    text::CASES,
    topic_alias::CASES,
    transport::CASES,
    will::CASES,
    will_delay::CASES,
    will_trigger::CASES,
];

/// Connects a client that subscribes to every topic of the test at QoS 2.
async fn watcher(harness: &Harness) -> Client {
    harness.subscriber("watcher", harness.topic("#"), 2).await
}

/// Connects a new client, sends `bytes` on its connection, and checks that the broker closes this connection without an
/// answer. If the broker sends DISCONNECT first, the reason has to be one of `codes`.
async fn expect_close_after(harness: &Harness, bytes: &[u8], codes: &[u8]) {
    let mut client = harness.client("broken").await;
    client.send(bytes).await;
    client.expect_close_without_answer(codes).await;
}

/// Builds a valid CONNECT that every broker refuses: in 5.0 because of an unknown authentication method, in 3.1.1
/// because of an empty client identifier with Clean Session 0. Also returns the reason codes that the refusal may have.
fn unacceptable_connect<'a>(harness: &'a Harness, name: &str) -> (ConnectBuilder<'a>, &'static [u8]) {
    let builder = harness.connect(name);
    if harness.is_v5() {
        (builder.text(property::AUTHENTICATION_METHOD, "X-NONE"), &[0x8C, 0x87])
    } else {
        (builder.client_id("").clean(false), &[2])
    }
}
