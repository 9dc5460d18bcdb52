//! Models the messages to the client. Each message is delivered, in flight under one packet identifier, waiting, or
//! dropped.

mod acknowledge;
mod encoded;
mod push;
mod read;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tidegate_mqtt::{Message, Packet, QoS, ReasonCode};
use tidegate_session::{Config, Session, Unacknowledged};

/// Holds every message that was pushed, by its number, and every packet identifier in use.
#[derive(Default)]
pub(super) struct Outbound {
    messages: Vec<PushedMessage>,
    open: BTreeMap<u16, OpenMessage>,
    /// Packet identifiers whose PUBLISH must be sent again on this connection, in order.
    resends: VecDeque<u16>,
    /// PUBRELs that the session must send, in order.
    releases: VecDeque<(u16, ReasonCode)>,
    /// Number of PUBRECs that the client has sent.
    pubrec_count: u64,
    /// The highest message number sent so far at QoS 1 or 2.
    newest_sent: Option<usize>,
    /// Number of times that the session ended.
    session_number: u32,
    /// Number of messages that the session reports as dropped.
    dropped: u64,
    /// Number of messages that the session returned for another member of the shared subscription.
    unacknowledged: u64,
}

/// A message that was pushed to the session.
struct PushedMessage {
    message: Arc<Message>,
    qos: QoS,
    retain: bool,
    subscription_identifiers: &'static [u32],
    shared: bool,
    session_number: u32,
    state: MessageState,
}

/// The state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessageState {
    /// The message is in the queue, or was dropped from it.
    Waiting,
    /// The message was written at QoS 0.
    Delivered,
    /// The message was written at QoS 1 or 2 and is not acknowledged.
    Open,
    /// The message is acknowledged.
    Acknowledged,
    /// The message was dropped, or returned for another member of the shared subscription.
    DroppedOrReturned,
}

/// A packet identifier in use.
struct OpenMessage {
    number: usize,
    /// Position of the PUBREC among all PUBRECs. `None` until the client sends PUBREC.
    released: Option<u64>,
    /// Whether the PUBLISH was sent on this connection.
    counted: bool,
}

impl Outbound {
    /// Begins or ends a connection. Afterwards, no message counts as sent on the present connection.
    pub(super) fn begin(&mut self) {
        self.resends.clear();
        self.open.values_mut().for_each(|open| open.counted = false);
    }

    /// Ends the session.
    pub(super) fn end(&mut self) {
        self.session_number += 1;
        self.open.clear();
        for pushed in self.messages.iter_mut().filter(|pushed| pushed.state == MessageState::Open) {
            pushed.state = MessageState::DroppedOrReturned;
        }
    }

    /// Resumes the session after CONNACK: all messages in flight must be sent again.
    pub(super) fn resume(&mut self) {
        let order_of =
            |(id, open): (&u16, &OpenMessage)| (open.released.is_none(), open.released, open.number, *id);
        let mut order: Vec<_> = self.open.iter().map(order_of).collect();
        order.sort_unstable();
        for (is_published, _, _, id) in order {
            if is_published {
                self.resends.push_back(id);
            } else {
                self.releases.push_back((id, ReasonCode::Success));
            }
        }
    }

    /// Checks the messages that the session returns. The session may return only messages of shared subscriptions, each
    /// once, and no QoS 2 message that was sent.
    pub(super) fn take_unacknowledged(&mut self, unacknowledged: &[Unacknowledged]) {
        for unacknowledged in unacknowledged {
            let pushed = &mut self.messages[number(unacknowledged.message.payload())];
            assert!(
                pushed.shared && *unacknowledged.shared_filter == *SHARE,
                "a message is returned that came through no shared subscription"
            );
            let may_move = pushed.state == MessageState::Waiting
                || (pushed.state == MessageState::Open && pushed.qos != QoS::ExactlyOnce);
            assert!(may_move, "a message is returned that is {:?}", pushed.state);
            pushed.state = MessageState::DroppedOrReturned;
            self.unacknowledged += 1;
        }
    }

    /// Checks that the number of pushed messages equals the sum of delivered, acknowledged, in-flight, waiting, dropped
    /// and returned messages.
    pub(super) fn check_counts(&mut self, session: &mut Session) {
        let missing = self.open.len() as u32 - session.inflight().min(self.open.len() as u32);
        (0..missing).for_each(|_| self.drop_next_resend());
        assert_eq!(self.open.len() as u32, session.inflight(), "packet identifiers in use");
        assert!(self.releases.is_empty(), "PUBRELs that were not sent: {:?}", self.releases);
        let drops = session.take_drops();
        self.dropped += drops.total();
        let accounted = |pushed: &&PushedMessage| {
            matches!(pushed.state, MessageState::Delivered | MessageState::Open | MessageState::Acknowledged)
        };
        let accounted = self.messages.iter().filter(accounted).count() + session.queued();
        let sum = accounted as u64 + self.dropped + self.unacknowledged;
        assert_eq!(sum, self.messages.len() as u64, "messages are lost or counted twice; drops: {drops:?}");
    }

    pub(super) fn check_bounds(&self, session: &Session, config: &Config) {
        assert!(self.open.len() <= usize::from(config.inflight_max.max(1)), "too many in flight");
        assert!(session.queued() <= config.queue_len_max, "too many queued");
        assert!(session.queued_bytes() <= config.queue_bytes_max, "too many bytes queued");
        assert_eq!(session.queued() == 0, session.queued_bytes() == 0, "queued messages and their bytes");
    }

    /// Checks that a PUBLISH is written only if the write buffer stays within its bounds.
    pub(super) fn check_pending_bytes(&self, packets: &[(Packet, usize)], pending: usize, config: &Config) {
        let is_publish = |packet: &Packet| matches!(packet, Packet::Publish(_));
        let control: usize =
            packets.iter().filter(|(packet, _)| !is_publish(packet)).map(|(_, size)| size).sum();
        let bound = config.pending_bytes_max.max(config.pending_bytes_high + PUBLISH_SIZE_MAX);
        let published = packets.iter().any(|(packet, _)| is_publish(packet));
        assert!(
            !published || pending - control <= bound,
            "the write buffer holds {pending} bytes, more than {bound}"
        );
    }

    /// Returns whether no message is in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Drops the next message to be sent again: the session drops it if it is too large for this connection.
    fn drop_next_resend(&mut self) {
        let id =
            self.resends.pop_front().expect("a packet identifier is free whose message is not to be resent");
        let open = self.open.remove(&id).expect("an open identifier");
        self.messages[open.number].state = MessageState::DroppedOrReturned;
    }

    /// Returns the number of messages that were sent on this connection and are not completed.
    fn sent_on_connection(&self) -> usize {
        self.open.values().filter(|open| open.counted).count()
    }
}

/// Returns the message number in a payload.
fn number(payload: &[u8]) -> usize {
    let (number, _) = payload.split_first_chunk().expect("payloads begin with a number");
    u32::from_be_bytes(*number) as usize
}

/// The filter of all deliveries through a shared subscription.
const SHARE: &str = "$share/group/filter";

/// Upper bound of the size of a PUBLISH of this target, in bytes.
const PUBLISH_SIZE_MAX: usize = 1300;
