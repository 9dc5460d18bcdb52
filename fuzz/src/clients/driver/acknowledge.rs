//! Acknowledgements of a client: the right one, a refusal, one too many, the wrong one.

use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, ReasonCode};

use super::Driver;
use crate::clients::model::{Awaits, Model};

impl Driver {
    /// What a client owes for one of its open messages; none where nothing is open.
    pub(super) fn acknowledge_open(&mut self, client: usize, model: &Model) -> Option<Ack> {
        let open = model.session(client)?.outbound.open_ids();
        let (id, awaits) = *open.get(self.random.below(open.len().max(1)))?;
        let refuses = self.is_five(client, model) && self.random.chance(12);
        let reason = if refuses { self.random.pick(&REFUSALS) } else { ReasonCode::Success };
        let packet_id = PacketId::new(id)?;
        Some(match awaits {
            Awaits::Acknowledged => Ack::new(AckKind::PubAck, packet_id, reason),
            Awaits::Received => Ack::new(AckKind::PubRec, packet_id, reason),
            Awaits::Completed if self.random.chance(15) => {
                Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success)
            }
            Awaits::Completed => Ack::new(AckKind::PubComp, packet_id, ReasonCode::Success),
        })
    }

    /// An acknowledgement of something unknown, seldom one of the wrong kind.
    pub(super) fn acknowledge_oddly(&mut self, client: usize, model: &Model) -> Packet {
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

const REFUSALS: [ReasonCode; 3] =
    [ReasonCode::UnspecifiedError, ReasonCode::QuotaExceeded, ReasonCode::NotAuthorized];
