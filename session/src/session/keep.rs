//! A session and its store: what changed, what is now, and how it is made again. Stores nothing itself.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{PacketId, Will};

use crate::config::Config;
use crate::held::{Delivery, Held};
use crate::inflight::{Action, Settled, Slot};
use crate::journal::{Change, Queued};
use crate::subscriptions::Terms;

use super::Session;
use super::lifecycle::Life;

/// What a store keeps of a session beside deliveries, identifiers and subscriptions.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Session expiry in seconds; `u32::MAX` is for ever.
    pub session_expiry: u32,
    /// The will, until it was published or deleted.
    pub will: Option<Will>,
    /// Without a connection: when the will is due. None while one is attached.
    pub will_at: Option<Instant>,
    /// Without a connection: when the session ends; none is never, or while one is attached.
    pub expires_at: Option<Instant>,
    /// Whether a connection is attached.
    pub attached: bool,
}

/// Everything that a store kept of a session.
#[derive(Clone, Debug)]
pub struct Kept {
    /// As it was last seen. One that was attached then has lost its connection since: give the times from which its
    /// will and its expiry count.
    pub standing: Standing,
    /// The subscriptions.
    pub subscriptions: Vec<(SubscriptionFilter, Terms)>,
    /// The deliveries in the order of their numbers.
    pub deliveries: Vec<KeptDelivery>,
    /// Identifiers of QoS 2 messages of the client that it has not released.
    pub received: Vec<PacketId>,
}

/// One delivery as it was kept.
#[derive(Clone, Debug)]
pub enum KeptDelivery {
    /// Not sent.
    Waiting(Queued),
    /// Sent, not answered.
    Sent(Queued, PacketId),
    /// PUBREC came.
    Released {
        /// The number of its message.
        number: u64,
        /// Its identifier.
        packet_id: PacketId,
        /// Its place in the order of PUBRECs.
        order: u32,
    },
}

impl Session {
    /// Makes a session again from what a store kept; no connection is attached.
    #[must_use]
    pub fn restore(id: u64, config: Arc<Config>, kept: Kept) -> Self {
        let mut session = Self::new(id, config);
        let Kept { standing, subscriptions, deliveries, received } = kept;
        session.session_expiry = standing.session_expiry;
        session.life = Life::Waiting { will_at: standing.will_at, expires_at: standing.expires_at };
        session.will = standing.will.map(Box::new);
        for (filter, terms) in subscriptions {
            // What was granted once is kept, whatever the bound is now.
            let _ = session.subscriptions.insert(filter, terms, usize::MAX);
        }
        session.restore_deliveries(deliveries);
        if !received.is_empty() {
            session.receiving.get_or_insert_default().restore(received);
        }
        session.journal = session.config.journal.then(Box::default);
        session
    }

    /// Lends the memory of an empty list to what is noted until [`Session::take_changes`], which gives it back.
    pub fn lend(&mut self, list: &mut Vec<Change>) {
        if let Some(journal) = &mut self.journal {
            journal.lend(list);
        }
    }

    /// Moves what changed since the last call, in order, to the end of `into`; nothing for a session that ends with its
    /// connection.
    pub fn take_changes(&mut self, into: &mut Vec<Change>) {
        let Some(journal) = &mut self.journal else { return };
        journal.move_to(into);
        if journal.is_closed() {
            self.journal = None;
        }
    }

    /// Whether its changes are followed: it outlives its connection, and [`Config::journal`] is set.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| !journal.is_closed())
    }

    /// Whether [`Session::take_changes`] has any.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| !journal.is_empty())
    }

    /// What is to be stored at [`Change::Began`] and [`Change::Altered`].
    #[must_use]
    pub fn standing(&self) -> Standing {
        let (will_at, expires_at) = match self.life {
            Life::Waiting { will_at, expires_at } => (will_at, expires_at),
            Life::Ended | Life::Attached => (None, None),
        };
        Standing {
            session_expiry: self.session_expiry,
            will: self.will.as_deref().cloned(),
            will_at,
            expires_at,
            attached: self.is_attached(),
        }
    }

    /// A connection was attached: a session that outlives it is followed from here on, one that does not is no longer.
    pub(super) fn begin_journal(&mut self, fresh: bool) {
        if !self.config.journal {
            return;
        }
        if self.session_expiry > 0 {
            let journal = self.journal.get_or_insert_default();
            journal.open(if fresh { Change::Began } else { Change::Altered });
        } else if let Some(journal) = &mut self.journal {
            if !fresh {
                journal.note(Change::Ended);
            }
            journal.close();
        }
    }

    /// `sent`: the identifier of one that is sent at once.
    pub(super) fn keep(&mut self, delivery: &Delivery<'_>, sent: Option<PacketId>) -> Held {
        match &mut self.journal {
            None => Held::new(delivery, sent.is_some()),
            Some(journal) => journal.hold(delivery, sent),
        }
    }

    pub(super) fn note(&mut self, change: Change) {
        if let Some(journal) = &mut self.journal {
            journal.note(change);
        }
    }

    pub(super) fn note_sent(&mut self, held: &Held, packet_id: PacketId) {
        if held.number() > 0 {
            self.note(Change::Sent { number: held.number(), packet_id });
        }
    }

    pub(super) fn note_done(&mut self, number: u64) {
        if let Some(journal) = &mut self.journal {
            journal.note_done(number);
        }
    }

    pub(super) fn note_settled(&mut self, packet_id: PacketId, settled: &Settled) {
        let Settled { number, order, .. } = *settled;
        match settled.action {
            Action::Complete => self.note_done(number),
            Action::Release if number > 0 => self.note(Change::Released { number, packet_id, order }),
            _ => {}
        }
    }

    fn restore_deliveries(&mut self, deliveries: Vec<KeptDelivery>) {
        let mut open = Vec::new();
        let mut releases = 0;
        for delivery in deliveries {
            match delivery {
                KeptDelivery::Waiting(queued) => self.queue.get_or_insert_default().append(held(&queued)),
                KeptDelivery::Sent(queued, packet_id) => {
                    open.push((packet_id, Slot::Published(held(&queued))));
                }
                KeptDelivery::Released { number, packet_id, order } => {
                    releases = releases.max(order.wrapping_add(1));
                    open.push((packet_id, Slot::Released { order, counted: false, number }));
                }
            }
        }
        self.inflight.restore(open, releases);
    }
}

fn held(queued: &Queued) -> Held {
    let delivery = Delivery {
        message: &queued.message,
        qos: queued.qos,
        retain: queued.retain,
        identifiers: &queued.identifiers,
        share: queued.share.as_ref(),
    };
    Held::numbered(&delivery, false)
}
