//! Tests that the broker ends a connection if there is no memory for a SUBACK with many reason codes.

use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, TestClient};
use tidegate_interop::tidegate_client::TidegateClient;
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, PacketId, ProtocolVersion, Subscribe, SubscribeEntry, SubscriptionOptions, UserProperties,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::CONNECT;
use crate::{assert_still_served, start_with, stop_and_assert_counted};

/// The client does not read. Its messages therefore fill the write buffer until there is no memory for a larger buffer,
/// and the SUBACK does not fit.
#[tokio::test]
async fn a_suback_without_memory_ends_its_connection() {
    let broker = start_with(150, "");
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
    other.subscribe("a", 1).await;
    let address = ("localhost", broker.port(Transport::Tcp));
    let mut slow = TcpStream::connect(address).await.expect("a connection");
    slow.write_all(&[CONNECT, b"\x00\x09slow-read"].concat()).await.expect("an open connection");
    slow.write_all(&encode_subscribe("t/#", 1)).await.expect("an open connection");
    // Reads CONNACK and the first SUBACK. From here on, the broker delivers messages to the client.
    let mut head = vec![0; 5];
    within_deadline("SUBACK", async {
        while !head.ends_with(&[0x90, 4, 0, 1, 0, 0]) {
            head.push(slow.read_u8().await.expect("an open connection"));
        }
    })
    .await;
    // The topics are large, because topics are copied to the write buffer. Payloads of this size would be shared.
    let topic = format!("t/{}", "x".repeat(60_000));
    for _ in 0..1200 {
        other.publish(&topic, "", 1, false).await;
    }
    slow.write_all(&encode_subscribe("f", 70_000)).await.expect("an open connection");
    // The client reads only after the broker has logged the end: reading earlier would make room for the SUBACK.
    broker.wait_for_log(
        |line| line.contains("there is not enough memory for a packet"),
        "the end of the connection",
    );
    // The broker may lack the memory to copy the rest of the write buffer, so the test checks only that the connection
    // ends.
    let _ = within_deadline("the end", slow.read_to_end(&mut Vec::new())).await;
    assert_still_served(&mut other).await;
    stop_and_assert_counted(broker, 1).await;
}

/// Encodes a SUBSCRIBE that names the same filter `count` times.
fn encode_subscribe(filter: &str, count: usize) -> Vec<u8> {
    let filter = SubscriptionFilter::parse(filter).expect("a filter");
    let entry = SubscribeEntry { filter: Ok(filter), options: SubscriptionOptions::default() };
    let packet = Packet::Subscribe(Subscribe {
        packet_id: PacketId::MIN,
        identifier: None,
        user_properties: UserProperties::new(),
        filters: vec![entry; count],
    });
    let mut bytes = Vec::new();
    packet.encode(ProtocolVersion::V5, &mut bytes).expect("a valid packet");
    bytes
}
