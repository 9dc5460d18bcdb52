//! A store as a session sees it, as simple as can be: it follows the changes, and gives back what it kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::PacketId;
use tidegate_session::{Change, Config, Kept, KeptDelivery, Queued, Session, Standing};

/// A store as simple as can be.
#[derive(Default)]
pub struct Mirror {
    pub standing: Option<Standing>,
    pub deliveries: BTreeMap<u64, KeptDelivery>,
    pub received: Vec<PacketId>,
}

impl Mirror {
    pub fn follow(&mut self, session: &mut Session) {
        let mut changes = Vec::new();
        session.take_changes(&mut changes);
        for change in changes {
            match change {
                Change::Began => *self = Self { standing: Some(session.standing()), ..Self::default() },
                Change::Altered => self.standing = Some(session.standing()),
                Change::Ended => *self = Self::default(),
                other => self.follow_delivery(other),
            }
        }
    }

    fn follow_delivery(&mut self, change: Change) {
        match change {
            Change::Queued(queued) => {
                let kept = KeptDelivery::Waiting(Queued::clone(&queued));
                assert!(self.deliveries.insert(queued.number, kept).is_none(), "a number of its own");
            }
            Change::Sent { number, packet_id } => {
                let Some(KeptDelivery::Waiting(queued)) = self.deliveries.remove(&number) else {
                    panic!("sent once")
                };
                self.deliveries.insert(number, KeptDelivery::Sent(queued, packet_id));
            }
            Change::Released { number, packet_id, order } => {
                let released = KeptDelivery::Released { number, packet_id, order };
                let before = self.deliveries.insert(number, released);
                assert!(matches!(before, Some(KeptDelivery::Sent(_, sent)) if sent == packet_id));
            }
            Change::Done { number } => assert!(self.deliveries.remove(&number).is_some(), "done once"),
            Change::Received(packet_id) => self.received.push(packet_id),
            Change::Forgotten(packet_id) => self.received.retain(|open| *open != packet_id),
            other => panic!("{other:?}"),
        }
    }

    pub fn restore(self, config: &Arc<Config>) -> Session {
        let kept = Kept {
            standing: self.standing.unwrap(),
            subscriptions: Vec::new(),
            deliveries: self.deliveries.into_values().collect(),
            received: self.received,
        };
        Session::restore(1, Arc::clone(config), kept)
    }
}
