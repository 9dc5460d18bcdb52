//! Tests many clients on all transports that send large messages at the same time.

use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::test_client::{ClientSetup, TestClient};
use tidegate_interop::tidegate_client::TidegateClient;
use tidegate_interop::transport::Transport;
use tokio::task::JoinSet;

use crate::{
    assert_still_served, connect, ended_by_the_broker, publish_large, start_with, stop_and_assert_counted,
};

#[tokio::test]
async fn large_publishes_at_once_on_every_transport_end_only_some_of_their_connections() {
    let broker = start_with(60, "");
    let mut other = TidegateClient::connect(ClientSetup::new(&broker, Transport::Tcp, "other")).await;
    other.subscribe("a", 1).await;
    let mut publishing = JoinSet::new();
    for number in 0..15 {
        let transport = *Transport::ALL.get(number % Transport::ALL.len()).expect("a transport");
        let mut client = connect(&broker, transport, &format!("sender-{number}")).await;
        publishing.spawn(async move {
            let published = publish_large(&mut client, 20 << 20).await;
            (transport, published)
        });
    }
    for (transport, published) in within_deadline("all answers", publishing.join_all()).await {
        assert!(published.as_ref().err().is_none_or(ended_by_the_broker), "{transport:?}: {published:?}");
    }
    assert_still_served(&mut other).await;
    stop_and_assert_counted(broker, 1).await;
}
