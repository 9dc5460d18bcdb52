//! The store's own limit: at it messages are refused, and once its messages are accepted it has room again.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_gateway::client::{Client, Event, Options, State};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::message;
use tidegate_mqtt::{PacketId, ProtocolVersion, ReasonCode};

use crate::harness::{Harness, clean_client, connect, persistent_client};

#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_size_limit_recovers_when_qos_1_messages_are_delivered() {
    assert_recovers_when_drained(&[1]).await;
}

/// A QoS 2 message goes out once its packet identifier is kept, and so waits for room itself, with all that is behind it.
#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_size_limit_recovers_even_if_a_qos_2_message_is_first_in_the_queue() {
    assert_recovers_when_drained(&[1, 2]).await;
}

/// Messages of those QoS are the first that wait.
async fn assert_recovers_when_drained(first: &[u8]) {
    let settings = "  size_max: 64MiB\nsession:\n  queue_bytes_max: 1GiB\n";
    let mut harness = Harness::start_with(settings, first).await;
    let mut filler = Filler::new(&clean_client(&harness.broker, ProtocolVersion::V5, "filler")).await;
    tokio::select! {
        () = filler.publish() => {}
        () = harness.wait_until_refused() => {}
    }
    assert!(filler.accepted.len() * SIZE > 32 << 20, "only {} messages found room", filler.accepted.len());
    let line = harness.broker.wait_for_log(|line| line.contains("the store is full"), "line that says so");
    assert!(line.contains("size limit"), "{line}");

    let options = persistent_client(&harness.broker, ProtocolVersion::V5, "subscriber");
    harness.subscriber =
        within_deadline("all that was accepted", filler.drain(&options, harness.subscriber.clone())).await;
    harness.acknowledged.clear();
    let mut late = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "late")).await;
    harness.wait_until_accepted(&mut late).await;
    harness.broker.wait_for_log(|line| line.contains("the store works again"), "line that says so");
    harness.restart();
    harness.check_stored().await;
    harness.stop();
}

/// A client that fills the store, and what became of its messages.
struct Filler {
    client: Client,
    /// The numbers of messages without an answer.
    unanswered: BTreeMap<PacketId, usize>,
    accepted: BTreeSet<usize>,
    refused: BTreeSet<usize>,
}

impl Filler {
    async fn new(options: &Options) -> Self {
        let (client, unanswered) = (connect(options).await, BTreeMap::new());
        Self { client, unanswered, accepted: BTreeSet::new(), refused: BTreeSet::new() }
    }

    /// Publishes without an end; once the store is full there are no more answers, and it waits.
    async fn publish(&mut self) {
        for number in 0.. {
            while !self.client.can_publish() {
                self.client.progress().await.expect("the connection");
            }
            let text = format!("{number:0width$}", width = SIZE);
            let id = self.client.publish(message("kept/large", &text, 1)).await.expect("the connection");
            self.unanswered.insert(id.expect("an identifier"), number);
            while let Some(event) = self.client.take_event() {
                self.record(event);
            }
        }
    }

    fn record(&mut self, event: Event) {
        let Event::Acknowledged(done) = event else { return };
        let number = self.unanswered.remove(&done.packet_id).expect("one of ours");
        let is_new = match done.reason {
            ReasonCode::Success => self.accepted.insert(number),
            ReasonCode::QuotaExceeded => self.refused.insert(number),
            other => panic!("{other:?}"),
        };
        assert!(is_new, "{number} has two answers");
    }

    /// The session that all of it waits for comes back, until each message has an answer and all that were accepted have come.
    async fn drain(&mut self, options: &Options, state: State) -> State {
        let mut subscriber = Client::connect(options, state).await.expect("CONNACK");
        let mut received = BTreeSet::new();
        while !(self.unanswered.is_empty() && self.accepted.is_subset(&received)) {
            tokio::select! {
                message = subscriber.message() => {
                    let payload = message.expect("the connection").payload;
                    if payload.len() == SIZE {
                        received.insert(String::from_utf8_lossy(&payload).parse().expect("a number"));
                    }
                }
                event = self.client.event() => self.record(event.expect("the connection")),
            }
        }
        assert!(self.refused.is_disjoint(&received), "refused, yet there");
        subscriber.settle().await.expect("the last acknowledgements");
        subscriber.disconnect(ReasonCode::Success).await.expect("an orderly end")
    }
}

/// Bytes of a payload.
const SIZE: usize = 16 * 1024;
