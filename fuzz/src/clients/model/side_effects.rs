//! Models what the end of a connection or session causes: the publish of its will, and the delivery of its
//! unacknowledged messages to other members of a shared subscription.

use std::mem;
use std::rc::Rc;

use tidegate_mqtt::Will;

use super::message::{Message, MessageCopy};
use super::{Model, Situation};
use crate::clients::core::SessionIds;

/// Side effects that are still to be applied in this step.
#[derive(Default)]
pub(super) struct SideEffects {
    /// Wills to publish, each with its client.
    wills: Vec<(usize, Will)>,
    /// Unacknowledged messages of ended sessions, each with the shared filter through which the session got the
    /// message.
    unacknowledged: Vec<Unacknowledged>,
}

struct Unacknowledged {
    message: Rc<Message>,
    shared_filter: String,
    /// The ended session, which must not get the message again.
    from: SessionIds,
}

impl Model {
    /// Applies the side effects. Publishes wills first, as the broker does. `[MQTT5-4.8.2-4]` `[MQTT5-4.8.2-5]`
    pub(super) fn apply_side_effects(&mut self) {
        let SideEffects { wills, unacknowledged } = mem::take(&mut self.side_effects);
        for (client, will) in wills {
            self.situations.note_if(will.retain, Situation::WillRetained);
            self.account.totals.wills_published += 1;
            let message = Rc::new(Message::from_will(&will, client, self.now));
            self.publish(&message, None);
        }
        for Unacknowledged { message, shared_filter, from } in unacknowledged {
            let verdict = self.deliver_to_group(&shared_filter, &message, Some(from.subscriber));
            let situation = if verdict.is_some() {
                Situation::SharedReassigned
            } else {
                Situation::SharedWithoutOtherMember
            };
            self.situations.note(situation);
        }
    }

    /// Schedules the will of the client, if there is one, for publishing in this step.
    pub(super) fn publish_will(&mut self, client: usize) {
        let session = self.session_mut(client);
        session.will_at = None;
        let will = session.will.take();
        self.side_effects.wills.extend(will.map(|will| (client, will)));
    }

    /// Handles a copy that an ended session has not acknowledged. If the copy came through a shared subscription,
    /// another member gets the message.
    pub(super) fn reassign_or_drop(&mut self, copy: MessageCopy, from: SessionIds) {
        let MessageCopy { message, shared_filter, .. } = copy;
        match shared_filter {
            Some(shared_filter) => {
                self.account.reassigned += 1;
                self.side_effects.unacknowledged.push(Unacknowledged { message, shared_filter, from });
            }
            None => self.account.totals.dropped_ended += 1,
        }
    }
}
