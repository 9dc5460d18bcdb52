//! Correct and wrong acknowledgements by the client.

use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, PacketId, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Config, Session, Violation};

use super::{MessageState, Outbound};
use crate::session::harness::OpenConnection;

/// How the session must react to an acknowledgement.
enum Answer {
    Nothing,
    /// PUBREL with this reason.
    Release(ReasonCode),
    Violation(Violation),
}

impl Outbound {
    /// The acknowledgement that the `nth` message in flight awaits.
    pub(in crate::session) fn next_ack(&self, nth: usize, refuses: bool) -> Option<(u16, AckKind, bool)> {
        let (id, open) = self.open.iter().nth(nth % self.open.len().max(1))?;
        let kind = match (open.released, self.messages[open.number].qos) {
            (Some(_), _) => AckKind::PubComp,
            (None, QoS::ExactlyOnce) => AckKind::PubRec,
            (None, _) => AckKind::PubAck,
        };
        Some((*id, kind, refuses && kind != AckKind::PubComp))
    }

    /// The client sends an acknowledgement.
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
        let answer = match (kind, connection.resumed) {
            (AckKind::PubRel, _) => Answer::Violation(Violation::PacketOutOfPlace),
            (_, false) => Answer::Nothing,
            _ => self.answer(id, kind, reason.is_error()),
        };
        let expected = match answer {
            Answer::Nothing => Ok(()),
            Answer::Violation(violation) => Err(violation),
            Answer::Release(reason) => {
                // 3.x has no reasons.
                let reason = if connection.negotiated.version.is_v5() { reason } else { ReasonCode::Success };
                self.releases.push_back((id, reason));
                Ok(())
            }
        };
        assert_eq!(session.handle_ack(&ack, now), expected, "{ack:?}");
    }

    /// If messages still wait after a pump, a bound is reached.
    pub(in crate::session) fn check_pumped(
        &self,
        session: &mut Session,
        connection: &OpenConnection,
        config: &Config,
    ) {
        let no_quota = self.in_use() >= usize::from(connection.negotiated.receive_maximum);
        let may_not_write = no_quota || session.write_buffer().len() >= config.pending_bytes_high;
        let may_not_open = may_not_write || self.open.len() >= usize::from(config.inflight_max.max(1));
        assert!(session.queued() == 0 || may_not_open || !connection.resumed, "queued messages are not sent");
        assert!(self.resends.is_empty() || may_not_write || !connection.resumed, "messages are not resent");
    }

    fn answer(&mut self, id: u16, kind: AckKind, refuses: bool) -> Answer {
        let Some(open) = self.open.get_mut(&id) else {
            let answers = kind == AckKind::PubRec && !refuses;
            return if answers {
                Answer::Release(ReasonCode::PacketIdentifierNotFound)
            } else {
                Answer::Nothing
            };
        };
        let qos = self.messages[open.number].qos;
        match (qos, open.released, kind) {
            (QoS::AtLeastOnce, None, AckKind::PubAck) => self.complete(id),
            (QoS::ExactlyOnce, _, AckKind::PubRec) if refuses => self.complete(id),
            (QoS::ExactlyOnce, Some(_), AckKind::PubComp) => self.complete(id),
            (QoS::ExactlyOnce, released, AckKind::PubRec) => {
                open.released = Some(released.unwrap_or(self.received));
                self.received += 1;
                self.messages[open.number].state = MessageState::Acknowledged;
                self.resends.retain(|resend| *resend != id);
                Answer::Release(ReasonCode::Success)
            }
            _ => Answer::Violation(Violation::WrongAcknowledgement),
        }
    }

    fn complete(&mut self, id: u16) -> Answer {
        if let Some(open) = self.open.remove(&id) {
            self.messages[open.number].state = MessageState::Acknowledged;
        }
        self.resends.retain(|resend| *resend != id);
        Answer::Nothing
    }
}
