//! Broker and model side by side: each step goes to both, and what the clients hear to the model.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tidegate_mqtt::{Connect, Packet, ProtocolVersion};
use tidegate_session::Cause;

use super::broker::{Broker, ConnectionId};
use super::link::Link;
use super::model::Model;
use super::setup::Setup;
use super::situation::Situation;
use super::step::Step;
use super::trace::Trace;

/// Everything there is in a run.
pub(super) struct World {
    broker: Broker,
    pub(super) model: Model,
    links: BTreeMap<ConnectionId, Link>,
    /// Connections that are over and have not said so.
    pub(super) over: Vec<ConnectionId>,
    clients: usize,
    last_connection: u64,
    /// Whether expired messages go as soon as time passes: with a bound on queues, who is dropped depends on it.
    sweeps: bool,
    beginning: Instant,
}

impl World {
    pub(super) fn new(setup: &Setup) -> Self {
        let beginning = Instant::now();
        Self {
            broker: Broker::new(setup, beginning),
            model: Model::new(setup),
            links: BTreeMap::new(),
            over: Vec::new(),
            clients: setup.eagerness.len(),
            last_connection: 0,
            sweeps: setup.queue.is_some(),
            beginning,
        }
    }

    /// Takes a step.
    ///
    /// # Panics
    /// When the broker differs from the model.
    pub(super) fn take(&mut self, step: Step, trace: &mut Trace) {
        trace.begin(step.clone());
        self.act(&step);
        self.model.seen.note_if(self.broker.take_copied(), Situation::Copied);
        let reports = self.broker.take_reports();
        self.model.apply(&step, reports);
        self.listen(trace);
        self.model.check(&mut self.broker);
        (0..self.clients).for_each(|client| self.model.check_absence(client, &self.broker));
    }

    fn act(&mut self, step: &Step) {
        match step {
            Step::Connect { client, connect, lag } => self.connect(*client, connect, *lag),
            Step::Send { client, packet } => {
                let id = self.connection(*client);
                let mut bytes = Vec::new();
                packet.encode(self.links[&id].version(), &mut bytes).expect("a packet that can be written");
                self.broker.receive(id, &bytes);
            }
            Step::Close { client } => self.broker.close(self.connection(*client), Cause::Closed),
            Step::Silence { client } => self.broker.close(self.connection(*client), Cause::KeepAlive),
            Step::CloseLate { connection } => {
                self.over.retain(|over| over != connection);
                self.broker.close_late(*connection);
            }
            Step::Pass { milliseconds } => {
                self.pass(*milliseconds);
                self.broker.look();
            }
            Step::Sweep => self.broker.sweep(),
        }
    }

    fn connect(&mut self, client: usize, connect: &Connect, lag: u64) {
        self.pass(lag);
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let alias_maximum = connect.topic_alias_maximum.unwrap_or(0);
        self.links.insert(id, Link::new(client, connect.version, alias_maximum));
        let mut bytes = Vec::new();
        let packet = Packet::from(connect.clone());
        packet.encode(ProtocolVersion::V5, &mut bytes).expect("a CONNECT that can be written");
        self.broker.open(id, &bytes);
        self.broker.look();
    }

    fn pass(&mut self, milliseconds: u64) {
        self.broker.set_now(self.beginning + Duration::from_millis(self.model.now() + milliseconds));
        if self.sweeps {
            self.broker.sweep();
        }
    }

    /// All clients hear what was written to them.
    fn listen(&mut self, trace: &mut Trace) {
        for (id, link) in &mut self.links {
            let bytes = self.broker.take_output(*id);
            for packet in link.read(&bytes) {
                trace.hear(link.client(), packet.clone());
                self.model.observe(*id, &packet);
            }
        }
        let Self { links, model, over, .. } = self;
        links.retain(|id, link| {
            let is_open = model.connection(link.client()) == Some(*id);
            over.extend((!is_open).then_some(*id));
            is_open
        });
    }

    fn connection(&self, client: usize) -> ConnectionId {
        self.model.connection(client).expect("the client is connected")
    }
}
