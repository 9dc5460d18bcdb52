//! What each packet from the client does. Publishes of one topic are gathered into a run, acknowledgements into a batch.

use std::time::Instant;

use parking_lot::MutexGuard;
use smallvec::SmallVec;
use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, PacketType, PublishView, QoS, ReasonCode};
use tidegate_session::{Overflow, Received};

use super::{Driver, End};
use crate::broker::{Published, Run, State};
use crate::cores::Core;

/// What one read brought so far and is not carried out yet.
pub(super) struct Intake<'a> {
    pub(super) now: Instant,
    run: Run<'a>,
    /// Acknowledgements by the client, in order.
    acks: SmallVec<[Ack; 8]>,
    /// Identifiers that the run's publishes are answered by, in order.
    owed: SmallVec<[(PacketId, QoS); 8]>,
    /// Our acknowledgements, in order.
    replies: SmallVec<[Ack; 8]>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(bytes: &'a [u8], now: Instant) -> Self {
        Self {
            now,
            run: Run::new(bytes),
            acks: SmallVec::new(),
            owed: SmallVec::new(),
            replies: SmallVec::new(),
        }
    }
}

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
            Packet::PingReq => self.reply(core, &Packet::PingResp),
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

    fn handle_publish<'a>(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'a>,
        packet: &Frame<'a>,
    ) -> Result<(), End> {
        let view =
            PublishView::parse(packet, self.connection.version()).map_err(|error| End::malformed(&error))?;
        // Larger payloads are shared by their receivers rather than copied for each.
        if !view.forwardable() || view.payload.len() > COPIED_MAX {
            return self.handle_single(core, intake, &view);
        }
        if !intake.run.extend(&view) {
            self.settle_run(core, intake)?;
            intake.run.extend(&view);
        }
        Ok(())
    }

    /// A publish with an identifier, an alias, RETAIN, an expiry or a large payload: becomes a message at once.
    fn handle_single(
        &mut self,
        core: &mut Core,
        intake: &mut Intake<'_>,
        view: &PublishView<'_>,
    ) -> Result<(), End> {
        let alone = self.stands_alone(view);
        let topic = self.connection.admit(view)?;
        let begins: Option<Box<str>> = (alone || !intake.run.holds(topic)).then(|| topic.into());
        if self.is_repeat(intake, view)? {
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
    fn is_repeat(&mut self, intake: &mut Intake<'_>, view: &PublishView<'_>) -> Result<bool, End> {
        let (QoS::ExactlyOnce, Some(packet_id)) = (view.qos, view.packet_id) else { return Ok(false) };
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        match state.session.receive(packet_id)? {
            Received::New => Ok(false),
            Received::Repeat => {
                drop(state);
                intake.replies.push(Ack::new(AckKind::PubRec, packet_id, ReasonCode::Success));
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
        drop(state);
        intake.replies.push(Ack::new(AckKind::PubComp, ack.packet_id, reason));
        Ok(())
    }

    /// Carries out all that the read brought so far.
    pub(super) fn settle(&mut self, core: &mut Core, intake: &mut Intake<'_>) -> Result<(), End> {
        self.settle_run(core, intake)?;
        if intake.acks.is_empty() && intake.replies.is_empty() {
            return Ok(());
        }
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        settle_acks(&mut state, intake)?;
        for reply in intake.replies.drain(..) {
            state.session.send_ack(&reply);
        }
        self.finish_turn(core, state);
        Ok(())
    }

    /// Counts what was dropped, and has what waits written.
    fn finish_turn(&self, core: &mut Core, mut state: MutexGuard<'_, State>) {
        core.counters.add_drops(&state.session.take_drops());
        let waits = !state.session.pending().is_empty();
        drop(state);
        if waits {
            core.mark_dirty(&self.seat);
        }
    }

    fn settle_run(&mut self, core: &mut Core, intake: &mut Intake<'_>) -> Result<(), End> {
        if intake.run.is_empty() {
            return Ok(());
        }
        // A connection that was taken over changes nothing any more, not even by what it sent before it hears of it.
        let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
        // An acknowledgement never is of a message that came after it.
        settle_acks(&mut state, intake)?;
        self.finish_turn(core, state);
        let published =
            self.broker.publish(core, &self.seat, self.connection.version(), &intake.run, intake.now);
        intake.run.clear();
        for (packet_id, qos) in intake.owed.drain(..) {
            let kind = if qos == QoS::AtLeastOnce { AckKind::PubAck } else { AckKind::PubRec };
            let reason = reason_for(published);
            if kind == AckKind::PubRec && reason.is_error() {
                // A refused QoS 2 publish is over: its identifier is free again [MQTT5-4.3.3-9].
                let mut state = self.seat.own(self.epoch).ok_or_else(End::taken_over)?;
                let _ = state.session.release(packet_id);
            }
            intake.replies.push(Ack::new(kind, packet_id, reason));
        }
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

/// Carries out the acknowledgements by the client that the read brought so far.
fn settle_acks(state: &mut State, intake: &mut Intake<'_>) -> Result<(), End> {
    for ack in intake.acks.drain(..) {
        state.session.handle_ack(&ack, intake.now)?;
    }
    Ok(())
}

fn reason_for(published: Published) -> ReasonCode {
    match published {
        Published::Delivered => ReasonCode::Success,
        Published::Unmatched => ReasonCode::NoMatchingSubscribers,
        Published::Forbidden => ReasonCode::NotAuthorized,
        Published::Refused => ReasonCode::QuotaExceeded,
    }
}

/// Acknowledgements handled under one lock.
const ACKS_MAX: usize = 256;
/// Payloads up to this many bytes travel as copied frames.
const COPIED_MAX: usize = 1024;
