//! Chooses the steps at random, but so that rare states are reached. It asks the model what is possible.

use tidegate_mqtt::{Disconnect, Packet, ReasonCode};

mod acknowledge;
mod connect;
mod publish;
mod subscribe;

use super::core::ConnectionId;
use super::model::Model;
use super::setup::Setup;
use super::step::Step;
use crate::random::Random;

/// The source of steps.
pub(super) struct Driver {
    random: Random,
    receive_maximum: u16,
    eagerness: Vec<usize>,
    /// Whether messages may expire.
    may_expire: bool,
    /// Whether the packets of one step are handled in one turn of the broker.
    is_one_turn: bool,
    /// Distinguishes messages.
    last_message: u32,
}

impl Driver {
    pub(super) fn new(setup: &Setup, random: Random) -> Self {
        Self {
            random,
            receive_maximum: setup.receive_maximum,
            eagerness: setup.eagerness.clone(),
            may_expire: setup.may_expire(),
            is_one_turn: setup.is_one_turn(),
            last_message: 0,
        }
    }

    /// The next step. `ended`: connections whose end was not reported.
    pub(super) fn next(&mut self, model: &Model, ended: &[ConnectionId]) -> Step {
        match self.random.below(100) {
            0..9 => self.pass(model),
            9 => Step::Sweep,
            10..12 if !ended.is_empty() => Step::CloseLate { connection: self.random.pick(ended) },
            _ => {
                let client = self.random.below(self.eagerness.len());
                self.act(client, model)
            }
        }
    }

    fn act(&mut self, client: usize, model: &Model) -> Step {
        if model.connection(client).is_none() {
            return if self.random.chance(60) { self.connect(client, model) } else { self.pass_little() };
        }
        if self.random.chance(self.eagerness[client])
            && let Some(ack) = self.acknowledge_open(client, model)
        {
            return Step::Send { client, packets: vec![Packet::Ack(ack)] };
        }
        self.act_connected(client, model)
    }

    fn act_connected(&mut self, client: usize, model: &Model) -> Step {
        let packet = match self.random.below(100) {
            0..45 => self.publish(client, model),
            45..50 => return Step::Send { client, packets: self.publish_several(client, model) },
            50..64 => self.subscribe(client, model),
            64..68 => self.unsubscribe(client, model),
            68..80 => self.release(client, model),
            80..84 => self.disconnect(client, model),
            84..86 => self.acknowledge_wrongly(client, model),
            86 => Packet::PingReq,
            _ => return self.end_connection(client, model),
        };
        Step::Send { client, packets: vec![packet] }
    }

    /// The connection breaks, or another one takes its place.
    fn end_connection(&mut self, client: usize, model: &Model) -> Step {
        match self.random.below(10) {
            0..5 => Step::Close { client },
            5..9 => self.connect(client, model),
            _ => self.pass_little(),
        }
    }

    /// Time passes, often exactly until something is due, or until one millisecond before.
    fn pass(&mut self, model: &Model) -> Step {
        let until_due = model.next_due().map_or(0, |due| due - model.now());
        let milliseconds = match self.random.below(10) {
            0..3 if until_due > 0 => until_due,
            3..5 if until_due > 1 => until_due - 1,
            5 => self.random.pick(&[10_000, 100_000]),
            _ => self.random.pick(&[1, 500, 1000, 3000]),
        };
        Step::Pass { milliseconds: milliseconds.min(PASS_MAX) }
    }

    fn pass_little(&mut self) -> Step {
        Step::Pass { milliseconds: self.random.pick(&[1, 200, 1000]) }
    }

    /// DISCONNECT; in MQTT 5 with a reason and a session expiry.
    fn disconnect(&mut self, client: usize, model: &Model) -> Packet {
        let mut disconnect = Disconnect::new(ReasonCode::Success);
        if is_v5(client, model) {
            disconnect.reason = self.random.pick(&[
                ReasonCode::Success,
                ReasonCode::DisconnectWithWill,
                ReasonCode::UnspecifiedError,
            ]);
            let expiry = model.session(client).map_or(0, |session| session.expiry());
            // Sometimes it raises an expiry of 0, which is a violation.
            let may_request = expiry > 0 || self.random.chance(30);
            let requested = self.random.pick(&[None, None, Some(0), Some(4), Some(30), Some(u32::MAX)]);
            disconnect.session_expiry = requested.filter(|_| may_request);
        }
        disconnect.into()
    }
}

fn is_v5(client: usize, model: &Model) -> bool {
    model.session(client).is_some_and(|session| session.version().is_v5())
}

/// The longest time that passes at once, in milliseconds. A session that never expires is not waited for.
const PASS_MAX: u64 = 1_000_000;

/// The topics of all messages. They have the same first level, because retained messages of different first levels come in an order
/// that differs from process to process.
const TOPICS: [&str; 5] = ["t", "t/a", "t/a/b", "t/b", "t/b/a"];
