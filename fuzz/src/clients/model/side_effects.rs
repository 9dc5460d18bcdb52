//! What the end of a connection or session causes: its will, and messages that other members of a shared subscription get.

use std::mem;
use std::rc::Rc;

use tidegate_mqtt::Will;

use super::message::{Message, MessageCopy};
use super::{Model, Situation};
use crate::clients::core::SessionIds;

/// What is still to be done in this step.
#[derive(Default)]
pub(super) struct SideEffects {
    /// Wills to publish, and their clients.
    wills: Vec<(usize, Will)>,
    /// Messages that a session left unacknowledged, each with the shared filter that brought it.
    unacknowledged: Vec<Unacknowledged>,
}

struct Unacknowledged {
    message: Rc<Message>,
    share: String,
    /// The session that left it.
    from: SessionIds,
}

impl Model {
    /// Publishes wills first, as the broker does. `[MQTT5-4.8.2-4]` `[MQTT5-4.8.2-5]`
    pub(super) fn apply_side_effects(&mut self) {
        let SideEffects { wills, unacknowledged } = mem::take(&mut self.side_effects);
        for (client, will) in wills {
            self.situations.note_if(will.retain, Situation::WillRetained);
            self.account.totals.wills_published += 1;
            let message = Rc::new(Message::from_will(&will, client, self.now));
            self.publish(&message, None);
        }
        for Unacknowledged { message, share, from } in unacknowledged {
            let verdict = self.deliver_to_group(&share, &message, Some(from.subscriber));
            let situation = if verdict.is_some() { Situation::SharedMoved } else { Situation::SharedLost };
            self.situations.note(situation);
        }
    }

    /// The will of the client must be published in this step, if it has one.
    pub(super) fn publish_will(&mut self, client: usize) {
        let session = self.session_mut(client);
        session.will_at = None;
        let will = session.will.take();
        self.side_effects.wills.extend(will.map(|will| (client, will)));
    }

    /// A session ends with this copy unacknowledged. If it came through a shared subscription, another member gets the message.
    pub(super) fn leave(&mut self, copy: MessageCopy, from: SessionIds) {
        let MessageCopy { message, share, .. } = copy;
        match share {
            Some(share) => {
                self.account.reassigned += 1;
                self.side_effects.unacknowledged.push(Unacknowledged { message, share, from });
            }
            None => self.account.totals.dropped_ended += 1,
        }
    }
}
