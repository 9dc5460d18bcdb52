//! Tests delayed wills that are pending at a stop: they are published after the next start, and only once.

use tidegate_client::{AckSender, Options};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::simulated_machine::SimulatedMachine;
use tidegate_interop::tidegate_client::{
    assert_no_more_messages, message, receive_payloads, subscribe, with_persistent_session,
};
use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Disconnect, Packet, ProtocolVersion, Publish, QoS, ReasonCode, Will};

use crate::{connect, options, stop};

/// Delay of the wills in seconds.
const DELAY: u32 = 30;

/// One client is connected when the broker stops, the other has lost its connection before.
#[tokio::test]
async fn delayed_wills_pending_at_a_stop_are_published_once_after_a_start() {
    let mut machine = SimulatedMachine::new();
    let mut broker = machine.start_broker(Config::every_transport());
    let watcher = with_persistent_session(options(&broker, "watcher"));
    let mut watching = connect(&watcher).await;
    subscribe(&mut watching, "gone/#", 1).await;
    let _connected = connect(&with_delayed_will(&broker, "connected")).await;
    let _ = connect(&with_delayed_will(&broker, "offline")).await.drop_without_disconnect();
    assert_no_more_messages(&mut watching, "own").await;
    let _ = watching.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");

    stop(&mut broker);
    machine.suspend(i64::from(DELAY));
    broker.restart();
    let mut watching = connect(&watcher).await;
    let mut wills = within_deadline("the wills", receive_payloads(&mut watching, 2)).await;
    wills.sort();
    assert_eq!(wills, ["connected", "offline"]);
    let _ = watching.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");

    stop(&mut broker);
    machine.suspend(i64::from(DELAY));
    broker.restart();
    let mut watching = connect(&watcher).await;
    assert_no_more_messages(&mut watching, "own").await;
    broker.stop();
}

/// A watcher may receive the will before the broker exits, but does not acknowledge it. In this case, the broker sends
/// the will again after the next start, with the DUP flag `[MQTT5-3.3.1-1]` and the same packet identifier. Otherwise,
/// the broker sends the will for the first time then, without DUP.
#[tokio::test]
async fn a_will_that_was_sent_before_the_exit_is_sent_again_with_dup() {
    let mut sent_before = 0;
    for at_stop in [false, true, true, true] {
        let mut broker = Broker::start();
        let mut watcher = with_persistent_session(options(&broker, "watcher"));
        watcher.receiving = AckSender::Caller;
        let mut watching = connect(&watcher).await;
        subscribe(&mut watching, "gone/#", 1).await;
        let mut client = options(&broker, "client");
        let topic = Name::parse("gone/client").expect("a topic name");
        client.connect.will = Some(Will::new(topic, "gone", QoS::AtLeastOnce));
        let client = connect(&client).await;
        let mut before = Vec::new();
        if at_stop {
            stop(&mut broker);
            drop(client);
        } else {
            let _ = client.drop_without_disconnect();
            before.push(within_deadline("the will", watching.message()).await.expect("an open connection"));
            stop(&mut broker);
        }
        while let Ok(message) = within_deadline("the end", watching.message()).await {
            before.push(message);
        }
        assert!(before.len() <= 1 && before.iter().all(|message| !message.dup), "{before:?}");
        sent_before += before.len();
        broker.restart();
        let mut watching = connect(&watcher).await;
        let again = within_deadline("the will", watching.message()).await.expect("an open connection");
        assert_eq!((again.dup, again.payload.as_ref()), (!before.is_empty(), &b"gone"[..]));
        assert!(
            before.first().is_none_or(|first| first.packet_id == again.packet_id),
            "{before:?}, {again:?}"
        );
        watching.ping().await.expect("PINGRESP, after everything that was queued");
        assert!(watching.take_event().is_none());
        broker.stop();
    }
    assert!(sent_before > 0);
}

/// SIGTERM follows the DISCONNECT of many clients at once. Because of the messages before it, the broker has not read all
/// of them yet.
#[tokio::test]
async fn a_disconnect_sent_just_before_a_stop_takes_the_will_away() {
    for _ in 0..3 {
        let broker = Broker::start();
        let mut clients = Vec::new();
        for number in 0..60 {
            let mut options = options(&broker, &format!("client-{number}"));
            let topic = Name::parse("gone").expect("a topic name");
            options.connect.will = Some(Will::new(topic, "unwanted", QoS::AtLeastOnce));
            clients.push(connect(&options).await);
        }
        let publish = Publish { payload: vec![7; 30_000].into(), ..message("nobody", "", 0) };
        let mut bytes = Vec::new();
        for _ in 0..5 {
            Packet::from(publish.clone()).encode(ProtocolVersion::V5, &mut bytes).expect("a valid packet");
        }
        let disconnect = Packet::Disconnect(Disconnect::new(ReasonCode::Success));
        disconnect.encode(ProtocolVersion::V5, &mut bytes).expect("a valid packet");
        for client in &mut clients {
            client.send_bytes(&bytes).await.expect("an open connection");
        }
        broker.terminate();
        let exit = tokio::task::spawn_blocking(move || broker.wait_for_exit()).await.expect("an exit");
        assert_eq!(exit.counter("wills_published"), 0);
    }
}

/// Returns the options of a client with a persistent session and a delayed will. The payload of the will is the client
/// identifier.
fn with_delayed_will(broker: &Broker, id: &str) -> Options {
    let mut options = with_persistent_session(options(broker, id));
    options.connect.session_expiry = Some(10 * DELAY);
    let topic = Name::parse(&format!("gone/{id}")).expect("a topic name");
    options.connect.will = Some(Will { delay: DELAY, ..Will::new(topic, id.to_owned(), QoS::AtLeastOnce) });
    options
}
