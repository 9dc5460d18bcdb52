//! Chooses the steps at random, with probabilities that also lead to rare states. The driver reads from the model which
//! steps are possible.

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

/// Chooses the steps of a run.
pub(super) struct Driver {
    random: Random,
    receive_maximum: u16,
    ack_percentages: Vec<usize>,
    /// Whether the driver may publish messages that expire.
    may_expire: bool,
    /// Whether the broker handles the packets of one step in one turn.
    is_one_turn: bool,
    /// Number of the last message. Each payload contains the number of its message.
    last_message: u32,
}

impl Driver {
    pub(super) fn new(setup: &Setup, random: Random) -> Self {
        Self {
            random,
            receive_maximum: setup.receive_maximum,
            ack_percentages: setup.ack_percentages.clone(),
            may_expire: setup.may_expire(),
            is_one_turn: setup.is_one_turn(),
            last_message: 0,
        }
    }

    /// Chooses the next step. `ended` are the connections whose end was not yet reported by the client's side.
    pub(super) fn next_step(&mut self, model: &Model, ended: &[ConnectionId]) -> Step {
        match self.random.below(100) {
            0..9 => self.wait(model),
            9 => Step::Sweep,
            10..12 if !ended.is_empty() => Step::CloseLate { connection: self.random.pick(ended) },
            _ => {
                let client = self.random.below(self.ack_percentages.len());
                self.client_step(client, model)
            }
        }
    }

    fn client_step(&mut self, client: usize, model: &Model) -> Step {
        if model.connection(client).is_none() {
            return if self.random.chance(60) { self.connect(client, model) } else { self.wait_briefly() };
        }
        if self.random.chance(self.ack_percentages[client])
            && let Some(ack) = self.acknowledge_open(client, model)
        {
            return Step::Send { client, packets: vec![Packet::Ack(ack)] };
        }
        self.connected_client_step(client, model)
    }

    fn connected_client_step(&mut self, client: usize, model: &Model) -> Step {
        let packet = match self.random.below(100) {
            0..45 => self.next_publish(client, model),
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

    /// Chooses a step that usually ends the connection: the network connection breaks, or another connection takes its
    /// place. In one case of ten, only time passes.
    fn end_connection(&mut self, client: usize, model: &Model) -> Step {
        match self.random.below(10) {
            0..5 => Step::Close { client },
            5..9 => self.connect(client, model),
            _ => self.wait_briefly(),
        }
    }

    /// Chooses how much time passes: often exactly until something is due, or until one millisecond before.
    fn wait(&mut self, model: &Model) -> Step {
        let until_due = model.next_due().map_or(0, |due| due - model.now());
        let milliseconds = match self.random.below(10) {
            0..3 if until_due > 0 => until_due,
            3..5 if until_due > 1 => until_due - 1,
            5 => self.random.pick(&[10_000, 100_000]),
            _ => self.random.pick(&[1, 500, 1000, 3000]),
        };
        Step::Wait { milliseconds: milliseconds.min(WAIT_MILLISECONDS_MAX) }
    }

    fn wait_briefly(&mut self) -> Step {
        Step::Wait { milliseconds: self.random.pick(&[1, 200, 1000]) }
    }

    /// Makes a DISCONNECT. In MQTT 5, the packet has a reason and a session expiry.
    fn disconnect(&mut self, client: usize, model: &Model) -> Packet {
        let mut disconnect = Disconnect::new(ReasonCode::Success);
        if is_v5(client, model) {
            disconnect.reason = self.random.pick(&[
                ReasonCode::Success,
                ReasonCode::DisconnectWithWill,
                ReasonCode::UnspecifiedError,
            ]);
            let expiry = model.session(client).map_or(0, |session| session.expiry());
            // Sometimes the DISCONNECT raises an expiry of 0, which is a protocol violation.
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

/// Longest time that passes in one step, in milliseconds. The bound avoids waiting for the end of a session that never
/// expires.
const WAIT_MILLISECONDS_MAX: u64 = 1_000_000;

/// The topics of all messages. The topics share their first level, because the order in which the broker sends retained
/// messages with different first levels varies between processes.
const TOPICS: [&str; 5] = ["t", "t/a", "t/a/b", "t/b", "t/b/a"];
