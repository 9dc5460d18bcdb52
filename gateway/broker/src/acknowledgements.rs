//! The verbs `acknowledge`, `receive` and `release`: the client acknowledges the messages sent to it, and the broker
//! recognises and releases the QoS 2 messages that the client publishes.

use tidegate_mqtt::{Ack, PacketId, ReasonCode};
use tidegate_session::Received;

use crate::broker::Broker;
use crate::end::End;
use crate::receipt::Receipt;
use crate::session_guard::SessionGuard;
use crate::session_handle::Ownership;
use crate::turn::Turn;

/// Whether the QoS 2 identifier of an incoming PUBLISH is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// The identifier is new: no unreleased message was received under it.
    New,
    /// The PUBLISH is a retransmission of an unreleased message. The broker acknowledges the retransmission and does
    /// not deliver it [MQTT5-4.3.3-10].
    Repeat,
}

impl Broker {
    /// Handles PUBACK, PUBREC and PUBCOMP from the client, in order, and removes them from `acks`.
    ///
    /// # Errors
    /// When an acknowledgement does not fit the QoS of its message, or another connection took the session over.
    pub fn acknowledge(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        acks: &mut Vec<Ack>,
    ) -> Result<Receipt<()>, End> {
        let mut session = self.own(owner)?;
        let result = session.handle_acks(turn, acks);
        let commit = session.finish(turn);
        result.map(|()| Receipt::new((), commit))
    }

    /// Returns whether an incoming QoS 2 PUBLISH is new. Does not record the identifier: [`Broker::publish`] records
    /// it, so that the identifier and the copies of the message are stored together. `pending` is the number of new QoS
    /// 2 messages that the client sent before this one and that are not published yet. If the PUBLISH is a
    /// retransmission, the receipt's commit covers the original.
    ///
    /// # Errors
    /// When the client has more messages open than our Receive Maximum allows (0x93), or another connection took the
    /// session over.
    pub fn receive(
        &self,
        owner: &Ownership,
        packet_id: PacketId,
        pending: u16,
    ) -> Result<Receipt<Recognised>, End> {
        let mut state = owner.lock()?;
        let recognised = match state.session.recognise(packet_id, pending)? {
            Received::New => Recognised::New,
            Received::Repeat => Recognised::Repeat,
        };
        Ok(Receipt::new(recognised, state.scope_commit))
    }

    /// Handles PUBREL, after which the client may reuse the identifier. The outcome is the reason code of PUBCOMP, 0x00
    /// or 0x92.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn release(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        packet_id: PacketId,
    ) -> Result<Receipt<ReasonCode>, End> {
        let mut session = self.own(owner)?;
        let reason = session.session.release(packet_id);
        Ok(Receipt::new(reason, session.finish(turn)))
    }
}

impl SessionGuard<'_> {
    /// Handles acknowledgements from the client, and removes them from the list.
    pub(crate) fn handle_acks(&mut self, turn: &Turn<'_>, acks: &mut Vec<Ack>) -> Result<(), End> {
        for ack in acks.drain(..) {
            self.session.handle_ack(&ack, turn.now)?;
        }
        Ok(())
    }
}
