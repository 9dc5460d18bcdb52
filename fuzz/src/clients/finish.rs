//! Ends a run: every client resumes its session, acknowledges all messages and ends the session. No message may be left
//! afterwards.

use tidegate_mqtt::{Ack, Connect, Disconnect, Packet, PacketId, ProtocolVersion, ReasonCode};

use super::harness::Harness;
use super::model::client_id;
use super::step::Step;
use super::trace::Trace;

impl Harness {
    /// # Panics
    /// Panics if the broker and the model differ, or if a message is left.
    pub(super) fn finish(&mut self, client_count: usize, trace: &mut Trace) {
        for client in 0..client_count {
            let mut connect = Connect::new(ProtocolVersion::V5, client_id(client));
            connect.clean_start = false;
            connect.session_expiry = Some(u32::MAX);
            self.perform(Step::Connect { client, connect: Box::new(connect), lag: 0 }, trace);
        }
        for client in 0..client_count {
            while let Some(ack) = self.next_ack(client) {
                self.perform(Step::Send { client, packets: vec![Packet::Ack(ack)] }, trace);
            }
        }
        for client in 0..client_count {
            let mut disconnect = Disconnect::new(ReasonCode::Success);
            disconnect.session_expiry = Some(0);
            self.perform(Step::Send { client, packets: vec![disconnect.into()] }, trace);
        }
        let account = &self.model.account;
        assert_eq!(account.copies, account.settled(), "messages are left: {account:?}");
    }

    fn next_ack(&self, client: usize) -> Option<Ack> {
        let (id, kind) = *self.model.session(client)?.outbound.open_ids().first()?;
        Some(Ack::new(kind, PacketId::new(id)?, ReasonCode::Success))
    }
}
