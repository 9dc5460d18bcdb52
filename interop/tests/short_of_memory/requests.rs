//! Tests SUBSCRIBE, UNSUBSCRIBE and CONNECT packets that need more memory than is available.

use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, TestClient};
use tidegate_interop::tidegate_client::TidegateClient;
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{SubscriptionOptions, UserProperties};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{assert_still_served, connect, ended_by_the_broker, start, stop_and_assert_counted};

#[tokio::test]
async fn a_subscribe_with_too_many_filters_ends_its_connection() {
    let broker = start();
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
    other.subscribe("a", 1).await;
    let mut client = connect(&broker, Transport::Tcp, "large").await;
    let filter = SubscriptionFilter::parse("f").expect("a filter");
    let filters = vec![(filter, SubscriptionOptions::default()); 2_000_000];
    let subscribing = client.subscribe(filters, None, UserProperties::new());
    let error = within_deadline("the end", subscribing).await.expect_err("the connection ends");
    assert!(ended_by_the_broker(&error), "{error}");
    assert_still_served(&mut other).await;
    stop_and_assert_counted(broker, 1).await;
}

#[tokio::test]
async fn an_unsubscribe_with_too_many_filters_ends_its_connection() {
    let broker = start();
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Quic, "other")).await;
    other.subscribe("a", 1).await;
    let mut client = connect(&broker, Transport::Quic, "large").await;
    let filters = vec![SubscriptionFilter::parse("f").expect("a filter"); 4_000_000];
    let error =
        within_deadline("the end", client.unsubscribe(filters)).await.expect_err("the connection ends");
    assert!(ended_by_the_broker(&error), "{error}");
    assert_still_served(&mut other).await;
    stop_and_assert_counted(broker, 1).await;
}

#[tokio::test]
async fn a_connect_that_is_too_large_is_refused() {
    let broker = start();
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
    other.subscribe("a", 1).await;
    let mut stream =
        TcpStream::connect(("localhost", broker.port(Transport::Tcp))).await.expect("a connection");
    // A CONNECT with a will whose user properties have 100 MiB.
    let mut bytes = b"\x10\x80\x80\x80\x32\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00".to_vec();
    bytes.extend_from_slice(b"\xe0\xff\xff\x31");
    let property: &[u8] = b"\x26\x00\x00\x00\x00";
    bytes.extend(property.repeat(20_000_000));
    let _ = within_deadline("the end", stream.write_all(&bytes)).await;
    let read = within_deadline("the end", stream.read(&mut [0; 16])).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    assert_still_served(&mut other).await;
    stop_and_assert_counted(broker, 1).await;
}
