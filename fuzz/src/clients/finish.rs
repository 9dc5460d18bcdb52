//! The end of a run: everybody comes back, takes everything and leaves for good; nothing is left.

use tidegate_mqtt::{Ack, AckKind, Connect, Disconnect, Packet, PacketId, ProtocolVersion, ReasonCode};

use super::model::{Awaits, client_id};
use super::step::Step;
use super::trace::Trace;
use super::world::World;

impl World {
    /// # Panics
    /// When the broker differs from the model, or something is left.
    pub(super) fn finish(&mut self, clients: usize, trace: &mut Trace) {
        for client in 0..clients {
            let mut connect = Connect::new(ProtocolVersion::V5, client_id(client));
            connect.clean_start = false;
            connect.session_expiry = Some(u32::MAX);
            self.take(Step::Connect { client, connect: Box::new(connect), lag: 0 }, trace);
        }
        for client in 0..clients {
            while let Some(ack) = self.next_ack(client) {
                self.take(Step::Send { client, packet: Packet::Ack(ack) }, trace);
            }
        }
        for client in 0..clients {
            let mut disconnect = Disconnect::new(ReasonCode::Success);
            disconnect.session_expiry = Some(0);
            self.take(Step::Send { client, packet: disconnect.into() }, trace);
        }
        let account = &self.model.account;
        assert_eq!(account.copies, account.settled(), "messages are left: {account:?}");
    }

    fn next_ack(&self, client: usize) -> Option<Ack> {
        let (id, awaits) = *self.model.session(client)?.outbound.open_ids().first()?;
        let kind = match awaits {
            Awaits::Acknowledged => AckKind::PubAck,
            Awaits::Received => AckKind::PubRec,
            Awaits::Completed => AckKind::PubComp,
        };
        Some(Ack::new(kind, PacketId::new(id)?, ReasonCode::Success))
    }
}
