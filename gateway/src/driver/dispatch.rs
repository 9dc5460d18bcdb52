//! What each packet from the client does. Publishes of one topic are gathered into a run, acknowledgements into a batch.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{Ack, AckKind, Packet, PacketType, PublishView, QoS, ReasonCode};
use tidegate_persistence::Commit;
use tidegate_session::{Overflow, Received};

use super::read_batch::ReadBatch;
use super::{Driver, End, Reply};
use crate::broker::{RawFrames, SessionStore};
use crate::cores::Core;

impl Driver {
    pub(super) fn dispatch<'a>(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'a>,
        packet: &Frame<'a>,
    ) -> Result<(), End> {
        match packet.packet_type {
            PacketType::Publish => self.handle_publish(core, read_batch, packet),
            PacketType::PubAck | PacketType::PubRec | PacketType::PubComp => {
                self.handle_ack(core, read_batch, packet)
            }
            PacketType::PubRel => self.handle_release(core, read_batch, packet),
            _ => {
                self.apply(core, read_batch)?;
                self.handle_control(core, packet)
            }
        }
    }

    fn handle_control(&mut self, core: &mut Core, packet: &Frame<'_>) -> Result<(), End> {
        match Packet::decode(packet, self.connection.version()).map_err(|error| End::malformed(&error))? {
            Packet::Subscribe(subscribe) => self.handle_subscribe(core, &subscribe),
            Packet::Unsubscribe(unsubscribe) => self.handle_unsubscribe(core, &unsubscribe),
            Packet::PingReq => self.handle_ping(core),
            Packet::Disconnect(disconnect) => {
                Err(End::disconnected(self.connection.handle_disconnect(&disconnect)?))
            }
            Packet::Auth(auth) => match self.connection.handle_auth(auth)? {
                Some(answer) => self.reply(core, &answer),
                None => Ok(()),
            },
            // A second CONNECT and packets that only a server sends [MQTT5-3.1.0-2].
            _ => Err(End::unexpected()),
        }
    }

    /// PINGRESP stays behind the messages that are on their way, also those that wait for a commit; but not while there may be
    /// none for long.
    fn handle_ping(&mut self, core: &mut Core) -> Result<(), End> {
        let handle = Arc::clone(&self.handle);
        let mut state = handle.own(self.epoch).ok_or_else(End::taken_over)?;
        let refusing = self.broker.store().is_some_and(SessionStore::is_refusing);
        let Some(commit) = state.session.last_commit().filter(|_| !refusing) else {
            drop(state);
            return self.reply(core, &Packet::PingResp);
        };
        let reply = Reply::Packet(Box::new(Packet::PingResp));
        self.answer(core, &mut state, Commit(commit), reply, Instant::now())?;
        core.mark_dirty(&handle);
        Ok(())
    }

    fn handle_publish<'a>(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'a>,
        packet: &Frame<'a>,
    ) -> Result<(), End> {
        let view =
            PublishView::parse_after(read_batch.batch.frames_topic(), packet, self.connection.version())
                .map_err(|error| End::malformed(&error))?;
        if !RawFrames::takes(&view, self.stands_alone(&view)) {
            return self.handle_single(core, read_batch, &view);
        }
        self.connection.admit(&view)?;
        if !read_batch.batch.extend(&view) {
            self.apply_publishes(core, read_batch)?;
            let true = read_batch.batch.extend(&view) else { unreachable!("an empty run takes any frame") };
        }
        read_batch.owed.extend(view.packet_id.map(|packet_id| (packet_id, view.qos)));
        if read_batch.batch.is_full() { self.apply_publishes(core, read_batch) } else { Ok(()) }
    }

    /// A publish at QoS 2, with an alias, DUP, RETAIN, an expiry or a large payload, or with a verdict of its own: becomes a message at
    /// once.
    fn handle_single(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'_>,
        view: &PublishView<'_>,
    ) -> Result<(), End> {
        let alone = self.stands_alone(view);
        let topic = self.connection.admit(view)?;
        let begins: Option<Box<str>> = (alone || !read_batch.holds(topic, view.qos)).then(|| topic.into());
        if self.is_repeat(core, read_batch, view)? {
            return Ok(());
        }
        if let Some(topic) = begins {
            self.apply_publishes(core, read_batch)?;
            read_batch.batch.begin(&topic);
        }
        read_batch.batch.push(view, self.handle.publisher(), read_batch.now);
        read_batch.owed.extend(view.packet_id.map(|packet_id| (packet_id, view.qos)));
        if alone || read_batch.batch.is_full() { self.apply_publishes(core, read_batch) } else { Ok(()) }
    }

    /// A run shares one verdict; where the verdicts may differ, a publish is a run of its own.
    fn stands_alone(&self, view: &PublishView<'_>) -> bool {
        view.retain || self.broker.config().session.overflow == Overflow::Reject
    }

    /// Whether a QoS 2 publish came before: it is acknowledged once more and goes nowhere [MQTT5-4.3.3-10].
    fn is_repeat(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'_>,
        view: &PublishView<'_>,
    ) -> Result<bool, End> {
        let (QoS::ExactlyOnce, Some(packet_id)) = (view.qos, view.packet_id) else { return Ok(false) };
        if read_batch.taking().any(|id| id == packet_id) {
            self.apply_publishes(core, read_batch)?;
        }
        let pending = u16::try_from(read_batch.taking().count()).unwrap_or(u16::MAX);
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        match state.session.recognise(packet_id, pending)? {
            Received::New => Ok(false),
            Received::Repeat => {
                drop(state);
                self.apply_publishes(core, read_batch)?;
                // What the first one waits for stands before it, or came before this connection.
                read_batch
                    .replies
                    .push((Commit(0), Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success)));
                Ok(true)
            }
        }
    }

    fn handle_ack(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'_>,
        packet: &Frame<'_>,
    ) -> Result<(), End> {
        let ack = Ack::parse(packet, self.connection.version()).map_err(|error| End::malformed(&error))?;
        read_batch.acks.push(ack);
        if read_batch.acks.len() >= ACKS_MAX { self.apply(core, read_batch) } else { Ok(()) }
    }

    fn handle_release(
        &mut self,
        core: &mut Core,
        read_batch: &mut ReadBatch<'_>,
        packet: &Frame<'_>,
    ) -> Result<(), End> {
        let ack = Ack::parse(packet, self.connection.version()).map_err(|error| End::malformed(&error))?;
        self.apply_publishes(core, read_batch)?;
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        let reason = state.session.release(ack.packet_id);
        core.take_owed();
        self.broker.save_changes(core, &self.handle, &mut state, read_batch.now);
        drop(state);
        read_batch.replies.push((core.take_owed(), Ack::new(AckKind::PubComp, ack.packet_id, reason)));
        Ok(())
    }

    /// Sends a packet to the client by way of its session.
    pub(super) fn reply(&mut self, core: &mut Core, packet: &Packet) -> Result<(), End> {
        let mut state = self.handle.own(self.epoch).ok_or_else(End::taken_over)?;
        state.session.send(packet);
        drop(state);
        core.mark_dirty(&self.handle);
        Ok(())
    }
}

/// Acknowledgements handled under one lock.
const ACKS_MAX: usize = 256;
