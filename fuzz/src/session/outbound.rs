//! A model of messages on their way to the client: each is delivered, open under one packet identifier, waiting, or gone.

mod acknowledge;
mod encoded;
mod push;
mod read;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tidegate_mqtt::{Message, Packet, QoS, ReasonCode};
use tidegate_session::{Config, Session, Unacknowledged};

/// Every message that was pushed, by its number, and every packet identifier in use.
#[derive(Default)]
pub(super) struct Outbound {
    messages: Vec<Pushed>,
    open: BTreeMap<u16, Open>,
    /// Identifiers whose PUBLISH has to be sent again on this connection, in order.
    resends: VecDeque<u16>,
    /// PUBRELs that have to come next.
    releases: VecDeque<(u16, ReasonCode)>,
    /// PUBRECs so far.
    received: u64,
    /// The newest message at QoS 1 or 2 that was sent for the first time.
    newest: Option<usize>,
    /// How often the session ended.
    incarnation: u32,
    dropped: u64,
    unacknowledged: u64,
}

/// A message that was pushed.
struct Pushed {
    message: Arc<Message>,
    qos: QoS,
    retain: bool,
    identifiers: &'static [u32],
    shared: bool,
    incarnation: u32,
    fate: Fate,
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// In the queue, or dropped out of it.
    Waiting,
    /// Written at QoS 0.
    Delivered,
    /// Written at QoS 1 or 2 and not acknowledged.
    Open,
    /// Acknowledged.
    Settled,
    /// Dropped, or given back for another member of its group.
    Gone,
}

/// A packet identifier in use.
struct Open {
    number: usize,
    /// The place of its PUBREC among all, after it.
    released: Option<u64>,
    /// The PUBLISH went over this connection.
    counted: bool,
}

impl Outbound {
    /// A new connection, or none: nothing was sent on it.
    pub(super) fn begin(&mut self) {
        self.resends.clear();
        self.open.values_mut().for_each(|open| open.counted = false);
    }

    /// The session's state is gone.
    pub(super) fn end(&mut self) {
        self.incarnation += 1;
        self.open.clear();
        for pushed in self.messages.iter_mut().filter(|pushed| pushed.fate == Fate::Open) {
            pushed.fate = Fate::Gone;
        }
    }

    /// CONNACK is out: what is open comes again.
    pub(super) fn resume(&mut self) {
        let of_open = |(id, open): (&u16, &Open)| (open.released.is_none(), open.released, open.number, *id);
        let mut order: Vec<_> = self.open.iter().map(of_open).collect();
        order.sort_unstable();
        for (is_published, _, _, id) in order {
            if is_published {
                self.resends.push_back(id);
            } else {
                self.releases.push_back((id, ReasonCode::Success));
            }
        }
    }

    /// Only messages of shared subscriptions are given back, each once, and none at QoS 2 that was sent.
    pub(super) fn take_orphans(&mut self, unacknowledged: &[Unacknowledged]) {
        for unacknowledged in unacknowledged {
            let pushed = &mut self.messages[number(unacknowledged.message.payload())];
            assert!(pushed.shared && *unacknowledged.share == *SHARE, "an orphan without a group");
            let may_move =
                pushed.fate == Fate::Waiting || (pushed.fate == Fate::Open && pushed.qos != QoS::ExactlyOnce);
            assert!(may_move, "a message given back is {:?}", pushed.fate);
            pushed.fate = Fate::Gone;
            self.unacknowledged += 1;
        }
    }

    /// Pushed = delivered + acknowledged + open + waiting + dropped + given back.
    pub(super) fn settle_counts(&mut self, session: &mut Session) {
        let missing = self.open.len() as u32 - session.inflight().min(self.open.len() as u32);
        (0..missing).for_each(|_| self.give_up_resend());
        assert_eq!(self.open.len() as u32, session.inflight(), "packet identifiers in use");
        assert!(self.releases.is_empty(), "PUBRELs that did not come: {:?}", self.releases);
        let drops = session.take_drops();
        self.dropped += drops.total();
        let accounted =
            |pushed: &&Pushed| matches!(pushed.fate, Fate::Delivered | Fate::Open | Fate::Settled);
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

    /// A PUBLISH is only added to pending bytes within their bounds.
    pub(super) fn check_pending(&self, packets: &[(Packet, usize)], pending: usize, config: &Config) {
        let is_publish = |packet: &Packet| matches!(packet, Packet::Publish(_));
        let control: usize =
            packets.iter().filter(|(packet, _)| !is_publish(packet)).map(|(_, size)| size).sum();
        let bound = config.pending_bytes_max.max(config.pending_bytes_high + LARGEST);
        let published = packets.iter().any(|(packet, _)| is_publish(packet));
        assert!(!published || pending - control <= bound, "{pending} bytes pending, {bound} allowed");
    }

    /// Nothing is open any more.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// The next message to be sent again was dropped: it is too large for this connection.
    fn give_up_resend(&mut self) {
        let id = self.resends.pop_front().expect("an identifier was given up that is not to be resent");
        let open = self.open.remove(&id).expect("an open identifier");
        self.messages[open.number].fate = Fate::Gone;
    }

    /// PUBLISHes of this connection that are not complete.
    fn in_use(&self) -> usize {
        self.open.values().filter(|open| open.counted).count()
    }
}

/// The number in a payload.
fn number(payload: &[u8]) -> usize {
    let (number, _) = payload.split_first_chunk().expect("a payload of ours");
    u32::from_be_bytes(*number) as usize
}

/// The shared filter of all shared deliveries.
const SHARE: &str = "$share/group/filter";

/// No PUBLISH here is larger.
const LARGEST: usize = 1300;
