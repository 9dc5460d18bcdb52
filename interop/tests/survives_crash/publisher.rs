//! A publisher with a window of a hundred: QoS 1 and 2 in turns, some retained, all numbered.

use std::collections::HashMap;
use std::sync::Arc;

use tidegate_gateway::client::{Acknowledged, Client, Event, Options, State};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::message;
use tidegate_mqtt::{PacketId, Publish, ReasonCode};

use crate::round::KillTrigger;

/// Messages of a publisher in a round.
pub const MESSAGES_PER_ROUND: u32 = 200;
/// Messages under way.
const WINDOW: u16 = 100;

pub struct Publisher {
    index: u32,
    state: State,
    next: u32,
    /// What is not acknowledged.
    unacknowledged: HashMap<PacketId, u32>,
    /// The last retained message that was acknowledged.
    retained: Option<u32>,
}

impl Publisher {
    pub fn new(index: u32) -> Self {
        Self { index, state: State::default(), next: 0, unacknowledged: HashMap::new(), retained: None }
    }

    pub fn client_id(&self) -> String {
        format!("publisher {}", self.index)
    }

    pub fn topic(&self) -> String {
        format!("crash/{}", self.index)
    }

    /// The number of the last retained message that was acknowledged.
    pub fn retained(&self) -> Option<u32> {
        self.retained
    }

    /// The numbers of all messages so far.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        (0..self.next).map(|nth| self.number(nth))
    }

    /// Publishes until the connection ends.
    pub async fn publish(mut self, mut options: Options, kill_trigger: Arc<KillTrigger>) -> Self {
        options.inflight_max = WINDOW;
        // The end may come first.
        let Ok(mut client) = Client::connect(&options, self.state.clone()).await else { return self };
        for _ in 0..MESSAGES_PER_ROUND {
            let sent = client.publish(self.message()).await;
            let new_id = client.state().open().find(|id| !self.unacknowledged.contains_key(id));
            if let Some(id) = new_id {
                self.unacknowledged.insert(id, self.number(self.next));
                self.next += 1;
            }
            self.apply_events(&mut client, &kill_trigger);
            if sent.is_err() {
                break;
            }
        }
        while let Ok(event) = client.event().await {
            self.apply(event, &kill_trigger);
        }
        self.apply_events(&mut client, &kill_trigger);
        self.state = client.abandon();
        self
    }

    /// Comes back and completes what is unacknowledged.
    pub async fn complete_unacknowledged(&mut self, options: &Options) {
        within_deadline("the publisher's acknowledgements", async {
            let mut client = Client::connect(options, self.state.clone()).await.expect("CONNACK");
            assert!(client.connack().session_present, "the session of {}", self.client_id());
            client.settle().await.expect("all acknowledgements");
            self.apply_events(&mut client, &KillTrigger::new(0));
            assert!(self.unacknowledged.is_empty(), "{:?} without an acknowledgement", self.unacknowledged);
            self.state = client.abandon();
        })
        .await;
    }

    fn message(&self) -> Publish {
        let qos = if self.next.is_multiple_of(2) { 2 } else { 1 };
        let retain = self.is_retained(self.next);
        Publish { retain, ..message(&self.topic(), &self.number(self.next).to_string(), qos) }
    }

    fn number(&self, nth: u32) -> u32 {
        self.index * 10_000_000 + nth
    }

    fn apply_events(&mut self, client: &mut Client, kill_trigger: &KillTrigger) {
        while let Some(event) = client.take_event() {
            self.apply(event, kill_trigger);
        }
    }

    fn apply(&mut self, event: Event, kill_trigger: &KillTrigger) {
        let Event::Acknowledged(Acknowledged { packet_id, reason, .. }) = event else { return };
        // PUBREL was carried out, and its PUBCOMP did not come: the repeat finds nothing [MQTT5-4.3.3-11].
        let is_done = !reason.is_error() || reason == ReasonCode::PacketIdentifierNotFound;
        assert!(is_done, "{reason:?}");
        let number = self.unacknowledged.remove(&packet_id).expect("an acknowledgement of something sent");
        if self.is_retained(number % 10_000_000) {
            self.retained = self.retained.max(Some(number));
        }
        kill_trigger.record_acknowledgement();
    }

    /// Some are retained: all at QoS 1 or all at QoS 2. One at QoS 1 that is sent again may come after one at QoS 2 that was taken
    /// before, and is retained in its place then.
    fn is_retained(&self, nth: u32) -> bool {
        nth % 22 == self.index % 2 * 11
    }
}
