//! Runs the broker and the model together: the harness passes each step to both, and the model checks what the clients
//! receive.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tidegate_mqtt::{Connect, Packet, ProtocolVersion};

use super::core::{ConnectionId, Core};
use super::model::{Model, client_id};
use super::peer::Peer;
use super::setup::Setup;
use super::situation::Situation;
use super::step::Step;
use super::trace::Trace;

/// The broker, the model and the clients of one run.
pub(super) struct Harness {
    core: Core,
    pub(super) model: Model,
    peers: BTreeMap<ConnectionId, Peer>,
    /// Connections that the broker has ended and whose end the client's side has not reported yet.
    pub(super) ended: Vec<ConnectionId>,
    client_count: usize,
    last_connection: u64,
    start: Instant,
}

impl Harness {
    pub(super) fn new(setup: &Setup) -> Self {
        let start = Instant::now();
        Self {
            core: Core::new(setup, start),
            model: Model::new(setup),
            peers: BTreeMap::new(),
            ended: Vec::new(),
            client_count: setup.ack_percentages.len(),
            last_connection: 0,
            start,
        }
    }

    /// Performs a step.
    ///
    /// # Panics
    /// Panics if the broker and the model differ.
    pub(super) fn perform(&mut self, step: Step, trace: &mut Trace) {
        trace.begin(step.clone());
        self.apply_step(&step);
        self.note_interrupted(&step);
        self.read_all(trace);
        while self.core.fire_timer() {
            self.model.observe_timeout(&self.core);
            self.read_all(trace);
        }
        self.model.check(&self.core);
        (0..self.client_count).for_each(|client| self.model.check_absence(client, &self.core));
    }

    fn apply_step(&mut self, step: &Step) {
        match step {
            Step::Connect { client, connect, lag } => self.connect(*client, connect, *lag),
            Step::Send { client, packets } => {
                let id = self.connection(*client);
                let mut bytes = Vec::new();
                for packet in packets {
                    packet.encode(self.peers[&id].version(), &mut bytes).expect("the packet can be encoded");
                }
                self.core.receive(id, &bytes);
                self.model.send(*client, packets);
            }
            Step::Close { client } => {
                self.core.close(self.connection(*client));
                self.model.close(*client);
            }
            Step::CloseLate { connection } => {
                self.ended.retain(|ended| ended != connection);
                self.core.close_late(*connection);
                self.model.situations.note(Situation::LateClose);
            }
            Step::Wait { milliseconds } => self.advance_clock(*milliseconds),
            Step::Sweep => {
                self.core.sweep();
                self.model.sweep();
                self.model.check_all(&mut self.core);
            }
        }
    }

    fn connect(&mut self, client: usize, connect: &Connect, lag: u64) {
        self.advance_clock(lag);
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let alias_maximum = connect.topic_alias_maximum.unwrap_or(0);
        self.peers.insert(id, Peer::new(client, connect.version, alias_maximum));
        let mut bytes = Vec::new();
        let packet = Packet::from(connect.clone());
        packet.encode(ProtocolVersion::V5, &mut bytes).expect("the CONNECT can be encoded");
        self.core.open(id, &bytes);
        let ids = self.core.ids(&client_id(client)).expect("the client has a session");
        self.model.connect(client, connect, ids);
    }

    fn advance_clock(&mut self, milliseconds: u64) {
        self.model.advance_clock(milliseconds);
        self.core.set_now(self.start + Duration::from_millis(self.model.now()));
    }

    fn note_interrupted(&mut self, step: &Step) {
        let interrupted = self.core.take_interrupted();
        let Step::Send { packets, .. } = step else { return };
        let situations = &mut self.model.situations;
        situations.note_if(interrupted.read_took_turns, Situation::ReadInTurns);
        let situation = match packets.as_slice() {
            [Packet::Publish(_)] => Situation::PublishInTurns,
            [Packet::Subscribe(_)] => Situation::SubscribeInTurns,
            _ => return,
        };
        situations.note_if(interrupted.operation_took_turns, situation);
    }

    /// Lets all clients read the bytes that the broker has written to them.
    fn read_all(&mut self, trace: &mut Trace) {
        for (id, peer) in &mut self.peers {
            let bytes = self.core.take_output(*id);
            for packet in peer.read(&bytes) {
                trace.receive(peer.client(), packet.clone());
                self.model.observe(*id, &packet);
            }
        }
        let Self { peers, model, ended, .. } = self;
        peers.retain(|id, peer| {
            let is_open = model.connection(peer.client()) == Some(*id);
            ended.extend((!is_open).then_some(*id));
            is_open
        });
    }

    fn connection(&self, client: usize) -> ConnectionId {
        self.model.connection(client).expect("the client is connected")
    }
}
