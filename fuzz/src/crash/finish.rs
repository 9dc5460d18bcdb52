//! Ends a run: performs rounds until no work is left, then checks all promises and the broker's counters.

use std::time::Duration;

use tidegate_broker::Totals;
use tidegate_mqtt::QoS;

use super::promises::MessageNumber;
use super::world::World;

impl World {
    /// Ends the run and checks it.
    ///
    /// # Panics
    /// Panics if a promise is broken, or if work is left after a fixed number of rounds.
    pub(super) fn finish(&mut self, with_crash: bool) {
        self.trace.note(|| "the run ends".to_owned());
        self.core().schedule_crash(usize::MAX);
        if with_crash {
            self.crash();
        }
        self.run_until_idle();
        self.promises.check();
        self.check_retained();
        self.check_counters();
        self.crash();
        self.run_until_idle();
        self.promises.check();
        self.check_retained();
    }

    /// Connects all clients and performs rounds until no work is left.
    fn run_until_idle(&mut self) {
        let mut quiet_rounds = 0;
        for round in 0..ROUNDS_UNTIL_IDLE_MAX {
            self.promises.begin_step();
            self.run_round(round);
            quiet_rounds = if self.is_quiet() { quiet_rounds + 1 } else { 0 };
            if quiet_rounds >= QUIET_ROUNDS {
                return;
            }
        }
        panic!("the run does not come to rest");
    }

    fn run_round(&mut self, round: usize) {
        self.close_unused_links();
        for client in 0..self.clients.len() {
            if self.clients[client].link.is_none() {
                self.connect(client, true);
            }
            self.read(client, usize::MAX);
            let bytes = self.clients[client].take_acks(usize::MAX);
            self.send(client, &bytes);
        }
        for id in self.link_ids() {
            self.serve(id, usize::MAX);
        }
        let core = self.core();
        core.run_writer_step();
        core.run_writer_step();
        self.announce();
        if round.is_multiple_of(8) {
            self.core().advance_clock(Duration::from_millis(250));
        }
    }

    fn check_retained(&mut self) {
        for topic in ["r/a", "r/b"] {
            let message = self.core().broker.tenant().retained.get(topic);
            let found = message.map(|message| {
                let payload = std::str::from_utf8(message.payload()).expect("a text");
                MessageNumber(payload.parse().expect("a number"))
            });
            self.promises.check_retained(topic, found);
        }
    }

    /// Checks the counters. All clients are connected and no message expires, so the broker must count exactly the
    /// expected copies.
    fn check_counters(&mut self) {
        for client in 0..self.clients.len() {
            let bytes = self.clients[client].resubscribe(&mut self.promises);
            self.send(client, &bytes);
        }
        self.run_until_idle();
        assert!(self.promises.knows_subscriptions(), "every SUBSCRIBE is answered");
        let before = self.core().totals();
        let mut due = 0;
        for topic in ["t/a", "t/b", "r/a"] {
            let matches = self.promises.recipients(topic);
            for qos in QoS::ALL {
                due += matches;
                let packet = self.clients[0].publish_one(&mut self.promises, topic, qos, false, false);
                let bytes = self.clients[0].encode(packet);
                self.send(0, &bytes);
            }
        }
        self.run_until_idle();
        let after = self.core().totals();
        let copies = copies(&after) - copies(&before);
        assert_eq!(after.messages_received - before.messages_received, 9, "messages received");
        assert_eq!(copies, due as u64, "copies sent, queued and dropped");
    }
}

/// Returns the number of copies that were sent, queued or dropped.
fn copies(totals: &Totals) -> u64 {
    let dropped = totals.dropped_offline
        + totals.dropped_slow
        + totals.dropped_queue_full
        + totals.dropped_expired
        + totals.dropped_too_large
        + totals.dropped_ended
        + totals.dropped_no_member;
    totals.messages_sent + totals.messages_queued + dropped
}

/// Maximum number of rounds until no work is left. With the smallest turn budget, a run needs a few hundred rounds.
const ROUNDS_UNTIL_IDLE_MAX: usize = 20_000;
/// Number of consecutive rounds without work after which a run counts as idle.
const QUIET_ROUNDS: usize = 20;
