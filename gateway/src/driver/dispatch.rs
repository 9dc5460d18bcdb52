//! What each packet from the client does. Publishes of one topic are gathered into a run, acknowledgements into a batch.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{Ack, AckKind, Packet, PacketType, PublishView, QoS, ReasonCode};
use tidegate_persistence::Commit;
use tidegate_session::{Overflow, Received};

use super::intake::Intake;
use super::{Driver, End, Reply};
use crate::broker::{Keeper, Plain};
use crate::cores::Core;

impl Driver {
    pub(super) fn dispatch<'a>(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'a>,
        packet: &Frame<'a>,
    ) -> Result<(), End> {
        match packet.packet_type {
            PacketType::Publish => self.handle_publish(core, intake, packet),
            PacketType::PubAck | PacketType::PubRec | PacketType::PubComp => {
                self.handle_ack(core, intake, packet)
            }
            PacketType::PubRel => self.handle_release(core, intake, packet),
            _ => {
                self.settle(core, intake)?;
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
        let seat = Arc::clone(&self.seat);
        let mut state = seat.own(self.epoch).ok_or_else(End::taken_over)?;
        let refusing = self.broker.keeper().is_some_and(Keeper::is_refusing);
        let Some(commit) = state.session.waits_until().filter(|_| !refusing) else {
            drop(state);
            return self.reply(core, &Packet::PingResp);
        };
        let reply = Reply::Packet(Box::new(Packet::PingResp));
        self.answer(core, &mut state, Commit(commit), reply, Instant::now())?;
        core.mark_dirty(&seat);
        Ok(())
    }

    fn handle_publish<'a>(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'a>,
        packet: &Frame<'a>,
    ) -> Result<(), End> {
        let view = PublishView::parse_after(intake.run.frames_topic(), packet, self.connection.version())
            .map_err(|error| End::malformed(&error))?;
        if !Plain::takes(&view, self.stands_alone(&view)) {
            return self.handle_single(core, intake, &view);
        }
        self.connection.admit(&view)?;
        if !intake.run.extend(&view) {
            self.settle_run(core, intake)?;
            let true = intake.run.extend(&view) else { unreachable!("an empty run takes any frame") };
        }
        intake.owed.extend(view.packet_id.map(|packet_id| (packet_id, view.qos)));
        if intake.run.is_full() { self.settle_run(core, intake) } else { Ok(()) }
    }

    /// A publish at QoS 2, with an alias, DUP, RETAIN, an expiry or a large payload, or with a verdict of its own: becomes a message at
    /// once.
    fn handle_single(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'_>,
        view: &PublishView<'_>,
    ) -> Result<(), End> {
        let alone = self.stands_alone(view);
        let topic = self.connection.admit(view)?;
        let begins: Option<Box<str>> = (alone || !intake.holds(topic, view.qos)).then(|| topic.into());
        if self.is_repeat(core, intake, view)? {
            return Ok(());
        }
        if let Some(topic) = begins {
            self.settle_run(core, intake)?;
            intake.run.begin(&topic);
        }
        intake.run.push(view, self.seat.publisher(), intake.now);
        intake.owed.extend(view.packet_id.map(|packet_id| (packet_id, view.qos)));
        if alone || intake.run.is_full() { self.settle_run(core, intake) } else { Ok(()) }
    }

    /// A run shares one verdict; where the verdicts may differ, a publish is a run of its own.
    fn stands_alone(&self, view: &PublishView<'_>) -> bool {
        view.retain || self.broker.config().session.overflow == Overflow::Reject
    }

    /// Whether a QoS 2 publish came before: it is acknowledged once more and goes nowhere [MQTT5-4.3.3-10].
    fn is_repeat(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'_>,
        view: &PublishView<'_>,
    ) -> Result<bool, End> {
        let (QoS::ExactlyOnce, Some(packet_id)) = (view.qos, view.packet_id) else { return Ok(false) };
        if intake.taking().any(|id| id == packet_id) {
            self.settle_run(core, intake)?;
        }
        let pending = u16::try_from(intake.taking().count()).unwrap_or(u16::MAX);
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        match state.session.recognise(packet_id, pending)? {
            Received::New => Ok(false),
            Received::Repeat => {
                drop(state);
                self.settle_run(core, intake)?;
                // What the first one waits for stands before it, or came before this connection.
                intake.replies.push((Commit(0), Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success)));
                Ok(true)
            }
        }
    }

    fn handle_ack(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'_>,
        packet: &Frame<'_>,
    ) -> Result<(), End> {
        let ack = Ack::parse(packet, self.connection.version()).map_err(|error| End::malformed(&error))?;
        intake.acks.push(ack);
        if intake.acks.len() >= ACKS_MAX { self.settle(core, intake) } else { Ok(()) }
    }

    fn handle_release(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'_>,
        packet: &Frame<'_>,
    ) -> Result<(), End> {
        let ack = Ack::parse(packet, self.connection.version()).map_err(|error| End::malformed(&error))?;
        self.settle_run(core, intake)?;
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        let reason = state.session.release(ack.packet_id);
        core.take_owed();
        self.broker.follow(core, &self.seat, &mut state, intake.now);
        drop(state);
        intake.replies.push((core.take_owed(), Ack::new(AckKind::PubComp, ack.packet_id, reason)));
        Ok(())
    }

    /// Sends a packet to the client by way of its session.
    pub(super) fn reply(&mut self, core: &mut Core, packet: &Packet) -> Result<(), End> {
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        state.session.send(packet);
        drop(state);
        core.mark_dirty(&self.seat);
        Ok(())
    }
}

/// Acknowledgements handled under one lock.
const ACKS_MAX: usize = 256;
