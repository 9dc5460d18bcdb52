//! Chooses and performs random steps.

use std::time::Duration;

use super::World;
use crate::crash::link::Link;

/// A kind of step.
#[derive(Debug, Clone, Copy)]
enum Step {
    Serve,
    Read,
    ClientAction,
    StoreWrite,
    AnnounceCommit,
    AdvanceClock,
    EndConnection,
    Connect,
    Crash,
}

impl World {
    /// Performs one random step.
    ///
    /// # Panics
    /// Panics if a promise is broken.
    pub(in crate::crash) fn step(&mut self) {
        self.promises.begin_step();
        let step = self.choose_step();
        self.trace.note(|| format!("{step:?}"));
        self.perform(step);
        self.restart_if_crashed();
        self.serve_one();
        self.restart_if_crashed();
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Serve => self.serve_one(),
            Step::Read => self.read_one(),
            Step::ClientAction => self.client_action(),
            Step::StoreWrite => self.core().run_writer_step(),
            Step::AnnounceCommit => self.announce(),
            Step::AdvanceClock => {
                let time = self.random.pick(&[10, 250, 1500]);
                self.core().advance_clock(Duration::from_millis(time));
            }
            Step::EndConnection => {
                let (client, with_disconnect) = (self.any_client(), self.random.chance(20));
                self.end_connection(client, with_disconnect);
            }
            Step::Connect => self.connect_one(),
            Step::Crash => self.crash_now_or_soon(),
        }
    }

    /// Crashes the broker between two turns, or schedules a crash within a turn.
    fn crash_now_or_soon(&mut self) {
        if self.random.chance(50) {
            return self.crash();
        }
        let appends = self.random.below(6);
        self.core().schedule_crash(appends);
    }

    fn restart_if_crashed(&mut self) {
        if self.core().has_crashed() {
            self.crash();
        }
    }

    fn choose_step(&mut self) -> Step {
        let weights = &self.setup.weights;
        // Crashes and connects are more frequent between two turns of a publish, because the runs test these moments in
        // particular.
        let is_between = self.links.values().any(Link::is_ending);
        let is_busy = self.busy_client().is_some();
        let crash = weights.crash * if is_between { CRASH_FACTOR_BETWEEN_TURNS } else { 1 };
        let connect = weights.connect * if is_between || is_busy { 4 } else { 1 };
        let choices = [
            (Step::Serve, weights.serve),
            (Step::Read, weights.read),
            (Step::ClientAction, weights.client_action),
            (Step::StoreWrite, weights.store_write),
            (Step::AnnounceCommit, weights.announce_commit),
            (Step::AdvanceClock, weights.advance_clock),
            (Step::EndConnection, weights.end_connection),
            (Step::Connect, connect),
            (Step::Crash, crash),
        ];
        let mut left = self.random.below(choices.iter().map(|(_, weight)| weight).sum());
        for (step, weight) in choices {
            if left < weight {
                return step;
            }
            left -= weight;
        }
        unreachable!("a number below the sum")
    }

    fn serve_one(&mut self) {
        let ids = self.link_ids();
        if ids.is_empty() {
            return;
        }
        let id = self.random.pick(&ids);
        let len = self.random.pick(&[0, 5, 20, 100, 1000]);
        self.trace.note(|| format!("        link {id}, up to {len} bytes"));
        self.serve(id, len);
    }

    fn read_one(&mut self) {
        let len = self.random.pick(&[7, 30, 1000]);
        let Self { clients, links, .. } = &*self;
        let has_bytes = |link: &usize| links.get(link).is_some_and(Link::has_downstream);
        let ready = clients.iter().filter(|client| client.link.as_ref().is_some_and(has_bytes));
        let ready: Vec<_> = ready.map(|client| client.index).collect();
        let client = if ready.is_empty() { self.any_client() } else { self.random.pick(&ready) };
        if !ready.is_empty() {
            self.read(client, len);
        }
        if self.random.chance(70) {
            self.send_acks(client);
        }
    }

    fn send_acks(&mut self, client: usize) {
        let count = self.random.pick(&[1, 2, 100]);
        let bytes = self.clients[client].take_acks(count);
        self.send(client, &bytes);
    }

    fn client_action(&mut self) {
        let open: Vec<_> =
            self.clients.iter().filter(|client| client.is_open).map(|client| client.index).collect();
        if open.is_empty() {
            return;
        }
        let client = self.random.pick(&open);
        let Self { clients, promises, random, .. } = self;
        let client_state = &mut clients[client];
        let bytes = if random.chance(70) {
            client_state.publish(promises, random)
        } else {
            client_state.choose_request(promises, random)
        };
        self.send(client, &bytes);
    }

    fn connect_one(&mut self) {
        if let Some(client) = self.busy_client()
            && self.random.chance(50)
        {
            return self.reconnect_during_publish(client);
        }
        let client = self.any_client();
        if self.clients[client].link.is_none() || self.random.chance(3) {
            self.connect(client, false);
        }
    }

    /// Reconnects a client whose publish is still in progress, and delivers the CONNECT to the broker immediately.
    fn reconnect_during_publish(&mut self, client: usize) {
        let former = self.clients[client].link;
        self.connect(client, false);
        let links = [self.clients[client].link, former];
        links.into_iter().flatten().for_each(|link| self.serve(link, 0));
    }

    /// Returns a client whose publish is not complete after its first turn.
    fn busy_client(&self) -> Option<usize> {
        let is_busy = |link: &usize| self.links.get(link).is_some_and(Link::is_busy);
        self.clients.iter().position(|client| client.link.as_ref().is_some_and(is_busy))
    }

    fn any_client(&mut self) -> usize {
        self.random.below(self.clients.len())
    }
}

/// Factor by which crashes are more frequent while a publish is still in progress after the end of its connection.
const CRASH_FACTOR_BETWEEN_TURNS: usize = 10;
