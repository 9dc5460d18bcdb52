//! A store as a session sees it, as simple as can be: it follows the changes, and gives back what it kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::PacketId;
use tidegate_session::{Change, Config, DeliverySnapshot, Session, SessionMetadata, SessionSnapshot};

/// A store as simple as can be.
#[derive(Default)]
pub struct Mirror {
    pub metadata: Option<SessionMetadata>,
    pub deliveries: BTreeMap<u64, DeliverySnapshot>,
    pub received: Vec<PacketId>,
}

impl Mirror {
    pub fn follow(&mut self, session: &mut Session) {
        let mut changes = Vec::new();
        session.take_changes(&mut changes);
        for change in changes {
            match change {
                Change::Began => *self = Self { metadata: Some(session.metadata()), ..Self::default() },
                Change::Altered => self.metadata = Some(session.metadata()),
                Change::Ended => *self = Self::default(),
                other => self.follow_delivery(other),
            }
        }
    }

    fn follow_delivery(&mut self, change: Change) {
        match change {
            Change::Queued(queued, sent) => {
                let message_id = queued.message_id;
                let kept = match sent {
                    None => DeliverySnapshot::Waiting(queued),
                    Some(packet_id) => DeliverySnapshot::Sent(queued, packet_id),
                };
                assert!(self.deliveries.insert(message_id, kept).is_none(), "a message_id of its own");
            }
            Change::Sent { message_id, packet_id } => {
                let Some(DeliverySnapshot::Waiting(queued)) = self.deliveries.remove(&message_id) else {
                    panic!("sent once")
                };
                self.deliveries.insert(message_id, DeliverySnapshot::Sent(queued, packet_id));
            }
            Change::Released { message_id, packet_id, order } => {
                let released = DeliverySnapshot::Released { message_id, packet_id, order };
                let before = self.deliveries.insert(message_id, released);
                assert!(matches!(before, Some(DeliverySnapshot::Sent(_, sent)) if sent == packet_id));
            }
            Change::Done { message_id } => {
                assert!(self.deliveries.remove(&message_id).is_some(), "done once")
            }
            Change::Received(packet_id) => self.received.push(packet_id),
            Change::Forgotten(packet_id) => self.received.retain(|open| *open != packet_id),
            other => panic!("{other:?}"),
        }
    }

    pub fn restore(self, config: &Arc<Config>) -> Session {
        let kept = SessionSnapshot {
            metadata: self.metadata.unwrap(),
            subscriptions: Vec::new(),
            deliveries: self.deliveries.into_values().collect(),
            received: self.received,
        };
        Session::restore(1, Arc::clone(config), kept)
    }
}
