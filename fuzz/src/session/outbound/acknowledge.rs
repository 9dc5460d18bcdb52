//! Performs correct and wrong acknowledgements by the client.

use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, PacketId, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Config, Session, Violation};

use super::{MessageState, Outbound};
use crate::session::harness::OpenConnection;

/// The expected reaction of the session to an acknowledgement.
enum Reaction {
    Nothing,
    /// The session sends PUBREL with this reason code.
    Release(ReasonCode),
    Violation(Violation),
}

impl Outbound {
    /// Returns the acknowledgement that the `nth` message in flight awaits.
    pub(in crate::session) fn next_ack(&self, nth: usize, refuses: bool) -> Option<(u16, AckKind, bool)> {
        let (id, open) = self.open.iter().nth(nth % self.open.len().max(1))?;
        let kind = match (open.released, self.messages[open.number].qos) {
            (Some(_), _) => AckKind::PubComp,
            (None, QoS::ExactlyOnce) => AckKind::PubRec,
            (None, _) => AckKind::PubAck,
        };
        Some((*id, kind, refuses && kind != AckKind::PubComp))
    }

    /// Passes an acknowledgement of the client to the session and checks the reaction.
    pub(in crate::session) fn acknowledge(
        &mut self,
        session: &mut Session,
        (id, kind, refuses): (u16, AckKind, bool),
        connection: &OpenConnection,
        now: Instant,
    ) {
        let may_refuse = matches!(kind, AckKind::PubAck | AckKind::PubRec)
            && connection.negotiated.version == ProtocolVersion::V5;
        let reason = if refuses && may_refuse { ReasonCode::QuotaExceeded } else { ReasonCode::Success };
        let ack = Ack::new(kind, PacketId::new(id).expect("an identifier"), reason);
        let expected_reaction = match (kind, connection.resumed) {
            (AckKind::PubRel, _) => Reaction::Violation(Violation::PacketOutOfPlace),
            (_, false) => Reaction::Nothing,
            _ => self.expected_reaction(id, kind, reason.is_error()),
        };
        let expected = match expected_reaction {
            Reaction::Nothing => Ok(()),
            Reaction::Violation(violation) => Err(violation),
            Reaction::Release(reason) => {
                // Acknowledgements of MQTT 3.x have no reason codes.
                let reason = if connection.negotiated.version.is_v5() { reason } else { ReasonCode::Success };
                self.releases.push_back((id, reason));
                Ok(())
            }
        };
        assert_eq!(session.handle_ack(&ack, now), expected, "{ack:?}");
    }

    /// If messages still wait to be sent or resent after `send_waiting`, checks that a bound is reached.
    pub(in crate::session) fn check_waiting_sent(
        &self,
        session: &mut Session,
        connection: &OpenConnection,
        config: &Config,
    ) {
        let no_quota = self.sent_on_connection() >= usize::from(connection.negotiated.receive_maximum);
        let may_not_write = no_quota || session.write_buffer().len() >= config.pending_bytes_high;
        let may_not_open = may_not_write || self.open.len() >= usize::from(config.inflight_max.max(1));
        assert!(session.queued() == 0 || may_not_open || !connection.resumed, "queued messages are not sent");
        assert!(self.resends.is_empty() || may_not_write || !connection.resumed, "messages are not resent");
    }

    fn expected_reaction(&mut self, id: u16, kind: AckKind, refuses: bool) -> Reaction {
        let Some(open) = self.open.get_mut(&id) else {
            let answers = kind == AckKind::PubRec && !refuses;
            return if answers {
                Reaction::Release(ReasonCode::PacketIdentifierNotFound)
            } else {
                Reaction::Nothing
            };
        };
        let qos = self.messages[open.number].qos;
        match (qos, open.released, kind) {
            (QoS::AtLeastOnce, None, AckKind::PubAck) => self.complete(id),
            (QoS::ExactlyOnce, _, AckKind::PubRec) if refuses => self.complete(id),
            (QoS::ExactlyOnce, Some(_), AckKind::PubComp) => self.complete(id),
            (QoS::ExactlyOnce, released, AckKind::PubRec) => {
                open.released = Some(released.unwrap_or(self.pubrec_count));
                self.pubrec_count += 1;
                self.messages[open.number].state = MessageState::Acknowledged;
                self.resends.retain(|resend| *resend != id);
                Reaction::Release(ReasonCode::Success)
            }
            _ => Reaction::Violation(Violation::WrongAcknowledgement),
        }
    }

    fn complete(&mut self, id: u16) -> Reaction {
        if let Some(open) = self.open.remove(&id) {
            self.messages[open.number].state = MessageState::Acknowledged;
        }
        self.resends.retain(|resend| *resend != id);
        Reaction::Nothing
    }
}
