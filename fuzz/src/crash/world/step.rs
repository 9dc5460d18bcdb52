//! Chooses and executes random steps.

use std::time::Duration;

use super::World;
use crate::crash::link::Link;

/// A kind of step.
#[derive(Debug, Clone, Copy)]
enum Step {
    Serve,
    Read,
    Act,
    Write,
    Announce,
    Pass,
    Lose,
    Connect,
    Crash,
}

impl World {
    /// Executes one random step.
    ///
    /// # Panics
    /// Panics if a promise is broken.
    pub(in crate::crash) fn step(&mut self) {
        self.promises.tick();
        let step = self.choose();
        self.trace.note(|| format!("{step:?}"));
        self.take(step);
        self.crash_if_dead();
        self.serve_one();
        self.crash_if_dead();
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Serve => self.serve_one(),
            Step::Read => self.read_one(),
            Step::Act => self.act(),
            Step::Write => self.core().write_on(),
            Step::Announce => self.announce(),
            Step::Pass => {
                let time = self.random.pick(&[10, 250, 1500]);
                self.core().pass(Duration::from_millis(time));
            }
            Step::Lose => {
                let (client, in_order) = (self.any_client(), self.random.chance(20));
                self.lose(client, in_order);
            }
            Step::Connect => self.connect_one(),
            Step::Crash => self.crash_now_or_soon(),
        }
    }

    /// Crashes the broker between two turns, or within one.
    fn crash_now_or_soon(&mut self) {
        if self.random.chance(50) {
            return self.crash();
        }
        let appends = self.random.below(6);
        self.core().die_in(appends);
    }

    fn crash_if_dead(&mut self) {
        if self.core().is_dead() {
            self.crash();
        }
    }

    fn choose(&mut self) -> Step {
        let weights = &self.setup.weights;
        // Crash and connect more often between two turns of a publish: these runs test what happens there.
        let is_between = self.links.values().any(Link::is_ending);
        let is_busy = self.busy_client().is_some();
        let crash = weights.crash * if is_between { BETWEEN_TURNS } else { 1 };
        let connect = weights.connect * if is_between || is_busy { 4 } else { 1 };
        let choices = [
            (Step::Serve, weights.serve),
            (Step::Read, weights.read),
            (Step::Act, weights.act),
            (Step::Write, weights.write),
            (Step::Announce, weights.announce),
            (Step::Pass, weights.pass),
            (Step::Lose, weights.lose),
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
            self.answer(client);
        }
    }

    fn answer(&mut self, client: usize) {
        let count = self.random.pick(&[1, 2, 100]);
        let bytes = self.clients[client].answer(count);
        self.send(client, &bytes);
    }

    fn act(&mut self) {
        let open: Vec<_> =
            self.clients.iter().filter(|client| client.is_open).map(|client| client.index).collect();
        if open.is_empty() {
            return;
        }
        let client = self.random.pick(&open);
        let Self { clients, promises, random, .. } = self;
        let who = &mut clients[client];
        let bytes =
            if random.chance(70) { who.publish(promises, random) } else { who.request(promises, random) };
        self.send(client, &bytes);
    }

    fn connect_one(&mut self) {
        if let Some(client) = self.busy_client()
            && self.random.chance(50)
        {
            return self.overtake(client);
        }
        let client = self.any_client();
        if self.clients[client].link.is_none() || self.random.chance(3) {
            self.connect(client, false);
        }
    }

    /// Reconnects a client while its publish continues, and delivers the CONNECT to the broker immediately.
    fn overtake(&mut self, client: usize) {
        let former = self.clients[client].link;
        self.connect(client, false);
        let links = [self.clients[client].link, former];
        links.into_iter().flatten().for_each(|link| self.serve(link, 0));
    }

    /// Returns a client whose publish takes several turns.
    fn busy_client(&self) -> Option<usize> {
        let is_busy = |link: &usize| self.links.get(link).is_some_and(Link::is_busy);
        self.clients.iter().position(|client| client.link.as_ref().is_some_and(is_busy))
    }

    fn any_client(&mut self) -> usize {
        self.random.below(self.clients.len())
    }
}

/// Factor by which crashes are more frequent while a publish continues after the end of its connection.
const BETWEEN_TURNS: usize = 10;
