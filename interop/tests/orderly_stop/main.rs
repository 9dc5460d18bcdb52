//! Tests an orderly stop: before the broker exits, it publishes the will of every connected client, stores these
//! messages, and closes the store.

#![allow(clippy::expect_used)]

mod power_failure;
mod wills;

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{
    client_options, message, receive_payloads, subscribe, with_persistent_session,
};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{ProtocolVersion, QoS, ReasonCode, Will};

/// With `durability: interval`, a power failure after the exit would lose the commits since the last fsync if the
/// broker did not close the store. The file `anchor` exists until the store is closed.
#[tokio::test]
async fn an_orderly_stop_closes_the_store_even_if_a_client_is_subscribed() {
    let lines = "persistence:\n  durability: interval\n  interval: 1m\n";
    let mut broker = Broker::start_with(Config::every_transport().with(lines));
    let mut client = connect(&options(&broker, "client")).await;
    subscribe(&mut client, "a/#", 1).await;
    let mut retained = message("a/b", "kept", 1);
    retained.retain = true;
    client.publish(retained).await.expect("an open connection");
    within_deadline("PUBACK", client.finish_exchanges()).await.expect("an open connection");
    let anchor = broker.file("data/store/anchor");
    assert!(anchor.exists(), "with `interval` an open store has the file {}", anchor.display());
    stop(&mut broker);
    assert!(!anchor.exists(), "the store was not closed");
    broker.restart();
    let mut client = connect(&options(&broker, "client")).await;
    subscribe(&mut client, "a/#", 1).await;
    assert_eq!(within_deadline("the retained message", receive_payloads(&mut client, 1)).await, ["kept"]);
    broker.stop();
}

#[tokio::test]
async fn the_will_of_every_connected_client_is_stored_before_the_exit() {
    const CLIENT_COUNT: usize = 50;
    let mut broker = Broker::start();
    let watcher = with_persistent_session(options(&broker, "watcher"));
    let mut watching = connect(&watcher).await;
    subscribe(&mut watching, "gone/#", 1).await;
    let _ = watching.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    let mut clients = Vec::new();
    for number in 0..CLIENT_COUNT {
        let mut client = options(&broker, &format!("client-{number}"));
        let topic = Name::parse(&format!("gone/{number}")).expect("a topic name");
        client.connect.will = Some(Will::new(topic, number.to_string(), QoS::AtLeastOnce));
        clients.push(connect(&client).await);
    }
    stop(&mut broker);
    broker.restart();
    let mut watching = connect(&watcher).await;
    let mut wills = within_deadline("the wills", receive_payloads(&mut watching, CLIENT_COUNT)).await;
    wills.sort_by_key(|number| number.parse::<usize>().expect("a number"));
    let expected: Vec<_> = (0..CLIENT_COUNT).map(|number| number.to_string()).collect();
    assert_eq!(wills, expected);
    watching.ping().await.expect("PINGRESP, after everything that was queued");
    broker.stop();
}

/// Sends SIGTERM, waits until the broker logs that its orderly stop is complete, and then ends the process.
fn stop(broker: &mut Broker) {
    broker.terminate();
    broker.wait_for_log(|line| line.contains("stopped"), "the last line of an orderly stop");
    broker.kill();
}

fn options(broker: &Broker, id: &str) -> Options {
    client_options(broker, Transport::Tcp, ProtocolVersion::V5, id)
}

async fn connect(options: &Options) -> Client {
    within_deadline("CONNACK", Client::connect(options, State::default())).await.expect("CONNACK")
}
