//! The broker, the network and the clients of one run, and the random steps that change them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tidegate_persistence::Clock;

use super::client::Client;
use super::core::Core;
use super::link::Link;
use super::promises::Promises;
use super::setup::Setup;
use super::situation::{Situation, Situations};
use super::store::Disk;
use super::trace::Trace;
use crate::random::Random;

mod network;
mod step;

/// The complete state of a run.
pub(super) struct World {
    setup: Setup,
    random: Random,
    /// `None` only during a crash.
    core: Option<Core>,
    pub(super) clients: Vec<Client>,
    links: BTreeMap<usize, Link>,
    /// Number of connections opened so far. The newest connection has this number as its identifier.
    links_opened: usize,
    pub(super) promises: Promises,
    pub(super) situations: Situations,
    pub(super) trace: Trace,
}

impl World {
    pub(super) fn new(seed: u64, is_traced: bool) -> Self {
        let mut random = Random::new(seed);
        let setup = Setup::new(&mut random);
        let clock = Clock { now: Instant::now(), store_time: STORE_TIME };
        let core = Core::start(Disk::new(), &setup, clock, &mut random);
        let clients = setup.versions.iter().enumerate();
        let clients: Vec<_> = clients.map(|(index, version)| Client::new(index, *version)).collect();
        let mut trace = Trace::new(is_traced);
        trace.note(|| format!("{setup:?}"));
        Self {
            promises: Promises::new(clients.len()),
            setup,
            random,
            core: Some(core),
            clients,
            links: BTreeMap::new(),
            links_opened: 0,
            situations: Situations::default(),
            trace,
        }
    }

    pub(super) fn core(&mut self) -> &mut Core {
        self.core.as_mut().expect("the broker runs")
    }

    /// Crashes the broker and starts a new one with the data that survived.
    pub(super) fn crash(&mut self) {
        let Some(core) = self.core.take() else { return };
        self.trace.note(|| "crash".to_owned());
        self.situations.note(Situation::Crashed);
        let is_between = self.links.values().any(Link::is_busy);
        self.situations.note_if(is_between, Situation::CrashedBetweenTurns);
        self.links.clear();
        self.clients.iter_mut().for_each(|client| client.broker_crashed(&mut self.promises));
        let downtime = Duration::from_millis(self.random.pick(&[0, 100, 5000]));
        let clock = core.clock();
        let clock = Clock {
            now: clock.now + downtime,
            store_time: clock.store_time + u64::try_from(downtime.as_millis()).unwrap_or(0),
        };
        self.core = Some(Core::start(core.crash(), &self.setup, clock, &mut self.random));
    }

    /// Reports a commit to the broker, and notifies the clients once everything is committed.
    pub(super) fn announce(&mut self) {
        self.core().announce_commit();
        if self.core().is_idle() {
            let Self { clients, promises, .. } = self;
            clients.iter_mut().for_each(|client| client.all_committed(promises));
        }
    }

    /// Returns the identifiers of all connections.
    pub(super) fn link_ids(&self) -> Vec<usize> {
        self.links.keys().copied().collect()
    }

    /// Closes the connections that their clients no longer use.
    pub(super) fn close_unused_links(&mut self) {
        let used: Vec<_> = self.clients.iter().filter_map(|client| client.link).collect();
        self.links.iter_mut().filter(|(id, _)| !used.contains(id)).for_each(|(_, link)| link.close(0));
    }

    /// Returns whether no work is left.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.core().is_idle()
            && self.clients.iter().all(Client::is_quiet)
            && self.links.len() == self.clients.len()
            && self.links.values().all(Link::is_quiet)
    }
}

/// Store time at the start of a run, in milliseconds.
const STORE_TIME: u64 = 1_700_000_000_000;
