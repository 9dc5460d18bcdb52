//! A publisher with up to 100 messages in flight. The messages are numbered, alternate between QoS 1 and 2, and some
//! are retained.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_client::{Acknowledged, Client, Event, Options, State};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::message;
use tidegate_mqtt::{PacketId, Publish, ReasonCode};

use crate::round::KillTrigger;

/// Number of messages that each publisher sends per round.
pub const MESSAGES_PER_ROUND: u32 = 200;
/// Maximum number of messages in flight per publisher.
const IN_FLIGHT_MAX: u16 = 100;

pub struct Publisher {
    index: u32,
    state: State,
    /// Number of messages sent until now.
    sent_count: u32,
    /// The numbers of the messages that are not acknowledged yet, by packet identifier.
    unacknowledged: HashMap<PacketId, u32>,
    /// The number of the last acknowledged retained message.
    retained: Option<u32>,
}

impl Publisher {
    pub fn new(index: u32) -> Self {
        Self { index, state: State::default(), sent_count: 0, unacknowledged: HashMap::new(), retained: None }
    }

    pub fn client_id(&self) -> String {
        format!("publisher {}", self.index)
    }

    pub fn topic(&self) -> String {
        format!("crash/{}", self.index)
    }

    /// Returns the number of the last acknowledged retained message.
    pub fn retained(&self) -> Option<u32> {
        self.retained
    }

    /// Returns the numbers of all messages sent until now.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        (0..self.sent_count).map(|nth| self.number(nth))
    }

    /// Publishes the messages of one round, and receives acknowledgements until the connection ends.
    pub async fn publish(mut self, mut options: Options, kill_trigger: Arc<KillTrigger>) -> Self {
        options.inflight_max = IN_FLIGHT_MAX;
        // The broker may be killed before CONNACK.
        let Ok(mut client) = Client::connect(&options, self.state.clone()).await else { return self };
        for _ in 0..MESSAGES_PER_ROUND {
            let sent = client.publish(self.message()).await;
            let new_id = client.state().open().find(|id| !self.unacknowledged.contains_key(id));
            if let Some(id) = new_id {
                self.unacknowledged.insert(id, self.number(self.sent_count));
                self.sent_count += 1;
            }
            self.apply_events(&mut client, &kill_trigger);
            if sent.is_err() {
                break;
            }
        }
        while let Ok(event) = client.event().await {
            self.handle_event(event, &kill_trigger);
        }
        self.apply_events(&mut client, &kill_trigger);
        self.state = client.drop_without_disconnect();
        self
    }

    /// Reconnects after the restart of the broker, and waits until every message is acknowledged.
    pub async fn complete_unacknowledged(&mut self, options: &Options) {
        within_deadline("the publisher's acknowledgements", async {
            let mut client = Client::connect(options, self.state.clone()).await.expect("CONNACK");
            assert!(client.connack().session_present, "the session of {} is lost", self.client_id());
            client.finish_exchanges().await.expect("all acknowledgements");
            self.apply_events(&mut client, &KillTrigger::new(0));
            assert!(self.unacknowledged.is_empty(), "not acknowledged: {:?}", self.unacknowledged);
            self.state = client.drop_without_disconnect();
        })
        .await;
    }

    fn message(&self) -> Publish {
        let qos = if self.sent_count.is_multiple_of(2) { 2 } else { 1 };
        let retain = self.is_retained(self.sent_count);
        Publish { retain, ..message(&self.topic(), &self.number(self.sent_count).to_string(), qos) }
    }

    fn number(&self, nth: u32) -> u32 {
        self.index * 10_000_000 + nth
    }

    fn apply_events(&mut self, client: &mut Client, kill_trigger: &KillTrigger) {
        while let Some(event) = client.take_event() {
            self.handle_event(event, kill_trigger);
        }
    }

    fn handle_event(&mut self, event: Event, kill_trigger: &KillTrigger) {
        let Event::Acknowledged(Acknowledged { packet_id, reason, .. }) = event else { return };
        // The broker sends PacketIdentifierNotFound if it had processed PUBREL, but PUBCOMP was lost in the crash: the
        // packet identifier of the repeated PUBREL is then no longer in use [MQTT5-4.3.3-11].
        let is_done = !reason.is_error() || reason == ReasonCode::PacketIdentifierNotFound;
        assert!(is_done, "{reason:?}");
        let number = self.unacknowledged.remove(&packet_id).expect("an acknowledgement of a sent message");
        if self.is_retained(number % 10_000_000) {
            self.retained = self.retained.max(Some(number));
        }
        kill_trigger.record_acknowledgement();
    }

    /// Returns whether the nth message is retained. All retained messages of a publisher have the same QoS. Otherwise a
    /// retransmitted QoS 1 message could arrive after a newer QoS 2 message and replace the newer message.
    fn is_retained(&self, nth: u32) -> bool {
        nth % 22 == self.index % 2 * 11
    }
}
