//! Chooses the steps: at random, yet so that deep states come about. What is possible it asks the model.

use tidegate_mqtt::{Disconnect, Packet, ReasonCode};

mod acknowledge;
mod connect;
mod publish;
mod subscribe;

use super::broker::ConnectionId;
use super::model::Model;
use super::setup::Setup;
use super::step::Step;
use crate::random::Random;

/// The source of steps.
pub(super) struct Driver {
    random: Random,
    receive_maximum: u16,
    eagerness: Vec<usize>,
    /// Tells messages apart.
    last_message: u32,
}

impl Driver {
    pub(super) fn new(setup: &Setup, random: Random) -> Self {
        Self {
            random,
            receive_maximum: setup.receive_maximum,
            eagerness: setup.eagerness.clone(),
            last_message: 0,
        }
    }

    /// The next step. `over`: connections that have not yet said that they are over.
    pub(super) fn next(&mut self, model: &Model, over: &[ConnectionId]) -> Step {
        match self.random.below(100) {
            0..9 => self.pass(model),
            9 => Step::Sweep,
            10..12 if !over.is_empty() => Step::CloseLate { connection: self.random.pick(over) },
            _ => {
                let client = self.random.below(self.eagerness.len());
                self.of_client(client, model)
            }
        }
    }

    fn of_client(&mut self, client: usize, model: &Model) -> Step {
        if model.connection(client).is_none() {
            return if self.random.chance(60) { self.connect(client, model) } else { self.pass_little() };
        }
        if self.random.chance(self.eagerness[client])
            && let Some(ack) = self.acknowledge_open(client, model)
        {
            return Step::Send { client, packet: Packet::Ack(ack) };
        }
        self.of_connection(client, model)
    }

    fn of_connection(&mut self, client: usize, model: &Model) -> Step {
        let packet = match self.random.below(100) {
            0..50 => self.publish(client, model),
            50..64 => self.subscribe(client, model),
            64..68 => self.unsubscribe(client, model),
            68..80 => self.release(client, model),
            80..84 => self.disconnect(client, model),
            84..86 => self.acknowledge_oddly(client, model),
            86 => Packet::PingReq,
            _ => return self.end(client, model),
        };
        Step::Send { client, packet }
    }

    /// The connection ends without a word, or another one takes its place.
    fn end(&mut self, client: usize, model: &Model) -> Step {
        match self.random.below(10) {
            0..4 => Step::Close { client },
            4 => Step::Silence { client },
            5..9 => self.connect(client, model),
            _ => self.pass_little(),
        }
    }

    /// Time passes, often up to the moment when something is due, or just not.
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

    /// Only MQTT 5 can say more than goodbye.
    fn disconnect(&mut self, client: usize, model: &Model) -> Packet {
        let mut disconnect = Disconnect::new(ReasonCode::Success);
        if self.is_five(client, model) {
            disconnect.reason = self.random.pick(&[
                ReasonCode::Success,
                ReasonCode::DisconnectWithWill,
                ReasonCode::UnspecifiedError,
            ]);
            let expiry = model.session(client).map_or(0, |session| session.expiry());
            // Now and then from 0 to more, which is a fault.
            let may_ask = expiry > 0 || self.random.chance(30);
            let asked = self.random.pick(&[None, None, Some(0), Some(4), Some(30), Some(u32::MAX)]);
            disconnect.session_expiry = asked.filter(|_| may_ask);
        }
        disconnect.into()
    }

    fn is_five(&self, client: usize, model: &Model) -> bool {
        model.session(client).is_some_and(|session| session.version().is_v5())
    }
}

/// The most that passes at once, in milliseconds: a session that never ends is not waited for.
const PASS_MAX: u64 = 1_000_000;

/// Where messages go. All begin alike: the order in which retained messages come is the same in every process only
/// below one first level.
const TOPICS: [&str; 5] = ["t", "t/a", "t/a/b", "t/b", "t/b/a"];
