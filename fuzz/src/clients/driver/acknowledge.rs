//! Chooses acknowledgements that a client sends: correct ones, refusals, repeated ones and wrong ones.

use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, ReasonCode};

use super::{Driver, is_v5};
use crate::clients::model::Model;

impl Driver {
    /// Makes an acknowledgement of one of the messages in flight to the client. Returns `None` if no message is in
    /// flight.
    pub(super) fn acknowledge_open(&mut self, client: usize, model: &Model) -> Option<Ack> {
        let open = model.session(client)?.outbound.open_ids();
        let (id, awaits) = *open.get(self.random.below(open.len().max(1)))?;
        let refuses = is_v5(client, model) && self.random.chance(12);
        let reason = if refuses { self.random.pick(&REFUSAL_REASONS) } else { ReasonCode::Success };
        let packet_id = PacketId::new(id)?;
        Some(match awaits {
            AckKind::PubComp if self.random.chance(15) => {
                Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success)
            }
            AckKind::PubComp => Ack::new(AckKind::PubComp, packet_id, ReasonCode::Success),
            kind => Ack::new(kind, packet_id, reason),
        })
    }

    /// Makes an acknowledgement of an unknown message, or rarely an acknowledgement of the wrong kind.
    pub(super) fn acknowledge_wrongly(&mut self, client: usize, model: &Model) -> Packet {
        let open = model.session(client).map(|session| session.outbound.open_ids()).unwrap_or_default();
        let kind = self.random.pick(&[AckKind::PubAck, AckKind::PubRec, AckKind::PubComp]);
        let id = if open.is_empty() || self.random.chance(80) {
            60_000
        } else {
            open[self.random.below(open.len())].0
        };
        Ack::new(kind, PacketId::new(id).expect("not 0"), ReasonCode::Success).into()
    }
}

const REFUSAL_REASONS: [ReasonCode; 3] =
    [ReasonCode::UnspecifiedError, ReasonCode::QuotaExceeded, ReasonCode::NotAuthorized];
