//! Handles each packet from the client. Consecutive publishes to one topic are collected in a batch, and
//! acknowledgements in a list.

use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{Ack, AckKind, Auth, Disconnect, Packet, PacketType};
use tidegate_persistence::Commit;
use tidegate_session::Violation;

use super::read_batch::ReadBatch;
use super::{ClientConnection, End, Unfinished};
use crate::receipt::Receipt;
use crate::turn::Turn;

/// The result of dispatching a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The packet was handled.
    Handled,
    /// The packet has to wait for an operation that takes several turns. The caller must pass the packet in again in
    /// the next turn.
    NextTurn,
}

impl ClientConnection {
    pub(super) fn dispatch<'a>(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'a>,
        packet: &Frame<'a>,
    ) -> Result<Flow, End> {
        match packet.packet_type {
            PacketType::Publish => self.handle_publish(turn, read, packet),
            PacketType::PubAck | PacketType::PubRec | PacketType::PubComp => {
                self.handle_ack(turn, read, packet)
            }
            PacketType::PubRel => self.handle_release(turn, read, packet),
            _ => {
                self.apply_read_batch(turn, read)?;
                if self.is_busy() { Ok(Flow::NextTurn) } else { self.handle_control(turn, packet) }
            }
        }
    }

    fn handle_control(&mut self, turn: &mut Turn<'_>, packet: &Frame<'_>) -> Result<Flow, End> {
        let packet =
            Packet::decode(packet, self.inbound.version()).map_err(|error| End::malformed(&error))?;
        let handled = match packet {
            Packet::Subscribe(subscribe) => self.handle_request(turn, subscribe.into()),
            Packet::Unsubscribe(unsubscribe) => self.handle_request(turn, unsubscribe.into()),
            Packet::PingReq => self.handle_ping(turn),
            Packet::Disconnect(disconnect) => Err(self.handle_disconnect(&disconnect)),
            Packet::Auth(auth) => self.handle_auth(turn, auth),
            Packet::Connect(_) => Err(Violation::DuplicateConnect.into()),
            // Packets that only a server sends.
            _ => Err(Violation::PacketOutOfPlace.into()),
        };
        handled.map(|()| Flow::Handled)
    }

    fn handle_disconnect(&self, disconnect: &Disconnect) -> End {
        self.inbound.handle_disconnect(disconnect).map_or_else(End::from, End::disconnected)
    }

    /// Handles AUTH, with which the client authenticates again [MQTT5-4.12.1-1].
    fn handle_auth(&mut self, turn: &mut Turn<'_>, auth: Auth) -> Result<(), End> {
        match self.inbound.handle_auth(auth)? {
            Some(answer) => self.send(turn, &answer),
            None => Ok(()),
        }
    }

    /// Answers PINGREQ. PINGRESP is sent after all messages that were published to the session earlier, including those
    /// that wait for a commit. If the store refuses changes, the next commit may come much later, so PINGRESP is sent
    /// immediately.
    fn handle_ping(&mut self, turn: &mut Turn<'_>) -> Result<(), End> {
        let committed = self.broker.latest_commit();
        let mut session = self.broker.own(&self.owner)?;
        let last = session.session.last_commit().filter(|_| !self.broker.durability().is_refusing());
        let result = match last {
            Some(commit) => self.acks.answer(turn, &mut session, committed, Commit(commit), Packet::PingResp),
            None => session.session.send(&Packet::PingResp).map(drop).map_err(End::from),
        };
        let _ = session.finish(turn);
        result
    }

    fn handle_ack(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
        packet: &Frame<'_>,
    ) -> Result<Flow, End> {
        let ack = Ack::parse(packet, self.inbound.version()).map_err(|error| End::malformed(&error))?;
        read.acks.push(ack);
        if read.acks.len() >= ACKS_MAX {
            self.apply_read_batch(turn, read)?;
        }
        Ok(Flow::Handled)
    }

    fn handle_release(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
        packet: &Frame<'_>,
    ) -> Result<Flow, End> {
        let ack = Ack::parse(packet, self.inbound.version()).map_err(|error| End::malformed(&error))?;
        self.apply_publishes(turn, read)?;
        if self.is_busy() {
            return Ok(Flow::NextTurn);
        }
        let Receipt { outcome: reason, commit } = self.broker.release(turn, &self.owner, ack.packet_id)?;
        read.replies.push((commit, Ack::new(AckKind::PubComp, ack.packet_id, reason)));
        Ok(Flow::Handled)
    }

    /// Sends a packet immediately.
    fn send(&self, turn: &mut Turn<'_>, packet: &Packet) -> Result<(), End> {
        let mut session = self.broker.own(&self.owner)?;
        let sent = session.session.send(packet);
        let _ = session.finish(turn);
        Ok(sent.map(drop)?)
    }

    /// Applies the publishes and acknowledgements that the read has collected so far.
    pub(super) fn apply_read_batch(
        &mut self,
        turn: &mut Turn<'_>,
        read: &mut ReadBatch<'_>,
    ) -> Result<(), End> {
        self.apply_publishes(turn, read)?;
        if read.acks.is_empty() && read.replies.is_empty() {
            return Ok(());
        }
        let mut session = self.broker.own(&self.owner)?;
        session.session.borrow_scratch(&mut turn.scratch.changes);
        let mut result = session.handle_acks(turn, &mut read.acks);
        if result.is_ok() && !read.replies.is_empty() {
            let _ = session.save(turn, None);
            let committed = self.broker.latest_commit();
            result = self.acks.answer_all(turn, &mut session, committed, &mut read.replies);
        }
        let _ = session.finish(turn);
        result
    }

    /// Continues the operation that takes several turns, if any.
    ///
    /// # Errors
    /// When the connection ends.
    pub fn resume(&mut self, turn: &mut Turn<'_>) -> Result<(), End> {
        let Some(unfinished) = self.unfinished.take() else { return Ok(()) };
        turn.count_for(self.context.tenant);
        match *unfinished {
            Unfinished::Request(request) => self.handle_request(turn, request),
            Unfinished::Publish { publish, packet_ids } => {
                let progress = self.broker.resume_publish(turn, publish);
                let mut replies = Vec::new();
                self.finish_publish(turn, progress, &packet_ids, &mut replies);
                self.answer_now(turn, &mut replies)
            }
        }
    }

    fn answer_now(&mut self, turn: &mut Turn<'_>, replies: &mut Vec<(Commit, Ack)>) -> Result<(), End> {
        if replies.is_empty() {
            return Ok(());
        }
        let committed = self.broker.latest_commit();
        let mut session = self.broker.own(&self.owner)?;
        let result = self.acks.answer_all(turn, &mut session, committed, replies);
        let _ = session.finish(turn);
        result
    }
}

/// Maximum number of acknowledgements that are handled under one lock. Further ones are handled under another lock, so
/// that publishers to this session need not wait long.
const ACKS_MAX: usize = 256;
