//! Tests a power failure directly after an orderly stop, with `durability: interval`: the last changes before the stop
//! survive, although no interval has passed since them.

use tidegate_client::{AckSender, Client, Event, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::simulated_machine::SimulatedMachine;
use tidegate_interop::tidegate_client::{
    assert_no_more_messages, message, receive_payloads, subscribe, with_persistent_session,
};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Ack, AckKind, Disconnect, Packet, Publish, QoS, ReasonCode};

use crate::{connect, options};

/// A broker that syncs its store once a minute, on a machine whose power can fail.
struct Harness {
    broker: Broker,
    machine: SimulatedMachine,
}

impl Harness {
    fn start() -> Self {
        let machine = SimulatedMachine::new();
        let config = Config::every_transport().with("persistence:\n  durability: interval\n  interval: 1m\n");
        Self { broker: machine.start_broker(config), machine }
    }

    /// Stops the broker with a signal, and starts it again after a power failure.
    fn stop_and_lose_power(&mut self, signal: &str) {
        self.broker.signal(signal);
        let exit = self.broker.wait_for_end();
        assert!(exit.status.success(), "SIG{signal}: {}", exit.status);
        self.machine.reboot();
        self.broker.restart();
    }
}

/// The sender has PUBREC, but has not sent PUBREL. The receiver has sent PUBREC, but has no PUBREL.
#[tokio::test]
async fn half_done_qos_2_exchanges_are_completed_after_a_stop() {
    let mut harness = Harness::start();
    let (mut receiving, mut sending) = (persistent(&harness, "receiver"), persistent(&harness, "sender"));
    (receiving.receiving, sending.sending) = (AckSender::Caller, AckSender::Caller);
    let (mut receiver, mut sender) = (connect(&receiving).await, connect(&sending).await);
    subscribe(&mut receiver, "a/#", 2).await;
    sender.publish(message("a/b", "once", 2)).await.expect("an open connection");
    let event = within_deadline("PUBREC", sender.event()).await.expect("an open connection");
    assert!(matches!(event, Event::Ack(_)), "{event:?}");
    let published = within_deadline("the message", receiver.message()).await.expect("an open connection");
    let id = published.packet_id.expect("a packet id");
    receiver
        .acknowledge(&Ack::new(AckKind::PubRec, id, ReasonCode::Success))
        .await
        .expect("an open connection");
    within_deadline("PINGRESP", receiver.ping()).await.expect("an open connection");
    let (receiver, sender) = (receiver.drop_without_disconnect(), sender.drop_without_disconnect());

    harness.stop_and_lose_power("TERM");
    let mut sender = resume(&persistent(&harness, "sender"), sender).await;
    within_deadline("PUBCOMP", sender.finish_exchanges()).await.expect("an open connection");
    let mut receiver = resume(&persistent(&harness, "receiver"), receiver).await;
    assert_no_more_messages(&mut receiver, "own").await;
    harness.broker.stop();
}

/// Removes a retained message, a subscription and a session directly before each kind of stop.
#[tokio::test]
async fn removals_directly_before_a_stop_survive() {
    let mut harness = Harness::start();
    for signal in ["TERM", "INT", "QUIT"] {
        let (ending_id, staying_id) = (format!("ending-{signal}"), format!("staying-{signal}"));
        let mut ending = connect(&persistent(&harness, &ending_id)).await;
        subscribe(&mut ending, "a/#", 1).await;
        let mut staying = connect(&persistent(&harness, &staying_id)).await;
        subscribe(&mut staying, "a/#", 1).await;
        let mut publisher = connect(&options(&harness.broker, "publisher")).await;
        publish_retained(&mut publisher, "there").await;
        assert_eq!(receive_payloads(&mut staying, 1).await, ["there"]);

        publish_retained(&mut publisher, "").await;
        assert_eq!(receive_payloads(&mut staying, 1).await, [""]);
        let filter = SubscriptionFilter::parse("a/#").expect("a filter");
        let unsuback = within_deadline("UNSUBACK", staying.unsubscribe([filter])).await.expect("UNSUBACK");
        assert_eq!(unsuback.reasons, [ReasonCode::Success], "before SIG{signal}");
        let last = Disconnect { session_expiry: Some(0), ..Disconnect::new(ReasonCode::Success) };
        ending.send(&Packet::Disconnect(last)).await.expect("an open connection");
        while within_deadline("the end of the connection", ending.event()).await.is_ok() {}
        let staying = staying.drop_without_disconnect();

        harness.stop_and_lose_power(signal);
        let ending = connect(&persistent(&harness, &ending_id)).await;
        assert!(!ending.connack().session_present, "SIG{signal}: the session is back");
        drop(ending);
        let mut publisher = connect(&options(&harness.broker, "publisher")).await;
        publisher.publish(message("a/b", "for nobody", 1)).await.expect("an open connection");
        within_deadline("PUBACK", publisher.finish_exchanges()).await.expect("an open connection");
        let mut staying = resume(&persistent(&harness, &staying_id), staying).await;
        assert_no_more_messages(&mut staying, "own").await;
        let mut new = connect(&options(&harness.broker, "new")).await;
        subscribe(&mut new, "a/#", 1).await;
        assert_no_more_messages(&mut new, "own").await;
    }
    harness.broker.stop();
}

async fn publish_retained(client: &mut Client, text: &str) {
    let retained = Publish { retain: true, qos: QoS::AtLeastOnce, ..message("a/b", text, 1) };
    client.publish(retained).await.expect("an open connection");
    within_deadline("PUBACK", client.finish_exchanges()).await.expect("an open connection");
}

fn persistent(harness: &Harness, id: &str) -> Options {
    with_persistent_session(options(&harness.broker, id))
}

async fn resume(options: &Options, state: State) -> Client {
    let client = within_deadline("CONNACK", Client::connect(options, state)).await.expect("CONNACK");
    assert!(client.connack().session_present, "the session is lost");
    client
}
