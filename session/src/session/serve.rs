//! A connection comes and goes: takeover by epoch, resumption, the end.

use std::time::Instant;

use crate::change_log::Change;
use crate::handshake::Negotiated;

use super::lifecycle::{self, Cause, Lifecycle};
use super::{Attached, Detached, Due, Quota, Session};

impl Session {
    /// Gives the session to a new connection; whoever was attached is fenced off by the new epoch.
    ///
    /// A takeover ends the old connection as any close by the server does, will included; Clean Start discards the
    /// state and makes a delayed will due; resuming cancels it. `[MQTT5-3.1.4-3]` `[MQTT5-3.1.4-4]`
    /// `[MQTT5-3.1.2-4]` `[MQTT5-3.1.2-5]` `[MQTT5-3.1.3-9]` `[MQTT3-3.1.4-2]`
    #[must_use = "a will may be due, and subscriptions be gone"]
    pub fn attach(&mut self, negotiated: &Negotiated, now: Instant) -> Attached {
        let mut due = Due::default();
        let was_attached = self.is_attached();
        if was_attached {
            self.end_connection(Cause::Takeover, &mut due, now);
        }
        self.apply(self.lifecycle.due(now), &mut due);
        let session_present = self.lifecycle != Lifecycle::Ended && !negotiated.clean_start;
        if self.lifecycle != Lifecycle::Ended {
            self.apply(lifecycle::reattach(negotiated.clean_start), &mut due);
        }
        let removed = if session_present { Vec::new() } else { self.subscriptions.drain() };
        self.begin_connection(negotiated);
        let Due { will, unacknowledged, .. } = due;
        Attached { epoch: self.epoch, session_present, was_attached, will, removed, unacknowledged }
    }

    /// The connection of `epoch` is gone. `None` when it had been fenced off before: then it changes nothing.
    /// What is still pending are its last bytes: take them, or they are held until the next attach.
    #[must_use = "a will may be due, and the session have ended"]
    pub fn detach(&mut self, epoch: u64, cause: Cause, now: Instant) -> Option<Detached> {
        if epoch != self.epoch || !self.is_attached() {
            return None;
        }
        let mut due = Due::default();
        self.end_connection(cause, &mut due, now);
        let Due { will, ended, unacknowledged } = due;
        Some(Detached { will, ended, unacknowledged })
    }

    /// CONNACK was sent: resends what the client has not completed, PUBRELs in the order of the PUBRECs, then
    /// PUBLISHes oldest first with DUP, then the queue, as quota allows. At no other time is anything resent.
    /// `[MQTT5-4.4.0-1]` `[MQTT5-4.3.3-5]` `[MQTT5-4.6.0-5]` `[MQTT3-4.6.0-1]`
    pub fn resume(&mut self, now: Instant) {
        if !self.is_attached() || self.resumed {
            return;
        }
        self.resumed = true;
        for id in self.inflight.released() {
            self.send_release(id);
        }
        self.resends = self.inflight.published().collect();
        self.resends.reverse();
        self.pump(now);
    }

    fn begin_connection(&mut self, negotiated: &Negotiated) {
        self.epoch += 1;
        let fresh = self.lifecycle == Lifecycle::Ended;
        self.lifecycle = Lifecycle::Attached;
        self.session_expiry = negotiated.session_expiry;
        self.update_change_log(fresh);
        self.will = negotiated.will.clone().map(Box::new);
        self.outbox.open(negotiated, self.config.outgoing_alias_max);
        self.quota = Quota { left: negotiated.receive_maximum };
        self.inflight.begin_connection();
        if let Some(receiving) = &mut self.receiving {
            receiving.begin_connection();
        }
    }

    fn end_connection(&mut self, cause: Cause, due: &mut Due, now: Instant) {
        let raised = self.change_expiry(cause);
        let keeps_will = raised || cause.keeps_will();
        let will_delay = self.will.as_ref().map_or(0, |will| will.delay);
        let outcome = lifecycle::detach(keeps_will, will_delay, self.session_expiry);
        self.lifecycle = Lifecycle::after_detach(outcome, will_delay, self.session_expiry, now);
        self.apply(outcome, due);
        if !outcome.ended {
            self.record(Change::Altered);
        }
        self.resumed = false;
        self.resends = Vec::new();
        self.awaiting_commit = None;
        self.outbox.close();
    }

    /// DISCONNECT may change the session expiry, but not raise it from 0: that is a protocol error, and the session
    /// ends as CONNECT said. True for that error.
    fn change_expiry(&mut self, cause: Cause) -> bool {
        let Cause::Disconnect { session_expiry: Some(asked), .. } = cause else { return false };
        let raised = self.session_expiry == 0 && asked > 0;
        if !raised {
            self.session_expiry = asked.min(self.config.session_expiry_max);
        }
        raised
    }
}
