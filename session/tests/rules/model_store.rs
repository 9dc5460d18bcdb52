//! A model of a store: it applies the changes of a session and can restore the session from its stored state.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::PacketId;
use tidegate_session::{Change, Config, DeliverySnapshot, Session, SessionMetadata, SessionSnapshot};

/// The stored state of one session.
#[derive(Default)]
pub struct ModelStore {
    pub metadata: Option<SessionMetadata>,
    pub deliveries: BTreeMap<u64, DeliverySnapshot>,
    pub received: Vec<PacketId>,
}

impl ModelStore {
    pub fn apply_changes(&mut self, session: &mut Session) {
        let mut changes = Vec::new();
        session.take_changes(&mut changes);
        for change in changes {
            match change {
                Change::Created => *self = Self { metadata: Some(session.metadata()), ..Self::default() },
                Change::MetadataChanged => self.metadata = Some(session.metadata()),
                Change::Ended => *self = Self::default(),
                other => self.apply_delivery_change(other),
            }
        }
    }

    fn apply_delivery_change(&mut self, change: Change) {
        match change {
            Change::Queued(queued, sent) => {
                let message_id = queued.message_id;
                let stored = match sent {
                    None => DeliverySnapshot::Waiting(queued),
                    Some(packet_id) => DeliverySnapshot::Sent(queued, packet_id),
                };
                assert!(
                    self.deliveries.insert(message_id, stored).is_none(),
                    "two deliveries with the same message id"
                );
            }
            Change::Sent { message_id, packet_id } => {
                let Some(DeliverySnapshot::Waiting(queued)) = self.deliveries.remove(&message_id) else {
                    panic!("sent once")
                };
                self.deliveries.insert(message_id, DeliverySnapshot::Sent(queued, packet_id));
            }
            Change::Released { message_id, packet_id, order } => {
                let released = DeliverySnapshot::Released { message_id, packet_id, order };
                let previous = self.deliveries.insert(message_id, released);
                assert!(matches!(previous, Some(DeliverySnapshot::Sent(_, sent)) if sent == packet_id));
            }
            Change::Completed { message_id } => {
                assert!(self.deliveries.remove(&message_id).is_some(), "done once")
            }
            Change::Received(packet_id) => self.received.push(packet_id),
            Change::ReceivedReleased(packet_id) => self.received.retain(|open| *open != packet_id),
            other => panic!("{other:?}"),
        }
    }

    pub fn restore(self, config: &Arc<Config>) -> Session {
        let snapshot = SessionSnapshot {
            metadata: self.metadata.unwrap(),
            subscriptions: Vec::new(),
            deliveries: self.deliveries.into_values().collect(),
            received: self.received,
        };
        Session::restore(1, Arc::clone(config), snapshot)
    }
}
