//! Attaches and detaches connections: takeover, resuming, closing.

use std::sync::Arc;
use std::time::Instant;

use crate::change_log::Change;
use crate::handshake::Negotiated;

use super::lifecycle::{self, Cause, Lifecycle};
use super::{AttachOutcome, DetachOutcome, Quota, Session, TimeoutOutcome};

impl Session {
    /// Attaches a new connection and increments the epoch. If an earlier connection is still attached, it can no longer
    /// change the session, because it only has the former epoch.
    ///
    /// A takeover ends the earlier connection like any close by the server, including its will. Clean Start discards
    /// the session state and publishes a delayed will; resuming the session cancels a delayed will. `[MQTT5-3.1.4-3]`
    /// `[MQTT5-3.1.4-4]` `[MQTT5-3.1.2-4]` `[MQTT5-3.1.2-5]` `[MQTT5-3.1.3-9]` `[MQTT3-3.1.4-2]`
    ///
    /// From now on, the limits with which the connection was negotiated apply to the session. If they are stricter than
    /// the earlier limits, the session keeps what it has, such as its subscriptions, and accepts nothing more until it
    /// is within the new limits.
    #[must_use = "a will may have to be published, and subscriptions be removed from the router"]
    pub fn attach(&mut self, negotiated: &Negotiated, now: Instant) -> AttachOutcome {
        let mut due = TimeoutOutcome::default();
        let was_attached = self.is_attached();
        if was_attached {
            self.end_connection(Cause::Takeover, &mut due, now);
        }
        self.apply_outcome(self.lifecycle.due(now), &mut due);
        let session_present = self.lifecycle != Lifecycle::Ended && !negotiated.clean_start;
        if self.lifecycle != Lifecycle::Ended {
            self.apply_outcome(lifecycle::reattach(negotiated.clean_start), &mut due);
        }
        let removed_subscriptions = if session_present { Vec::new() } else { self.subscriptions.drain() };
        self.begin_connection(negotiated);
        let TimeoutOutcome { will, unacknowledged, .. } = due;
        AttachOutcome {
            epoch: self.epoch,
            session_present,
            was_attached,
            will,
            removed_subscriptions,
            unacknowledged,
        }
    }

    /// Detaches the connection with this `epoch`. Returns `None`, and changes nothing, if a newer connection has taken
    /// the session over. The write buffer still holds the unwritten bytes of the connection: unless the caller takes
    /// these bytes, they occupy memory until the next attach.
    #[must_use = "a will may have to be published, and the session may have ended"]
    pub fn detach(&mut self, epoch: u64, cause: Cause, now: Instant) -> Option<DetachOutcome> {
        if epoch != self.epoch || !self.is_attached() {
            return None;
        }
        let mut due = TimeoutOutcome::default();
        self.end_connection(cause, &mut due, now);
        let TimeoutOutcome { will, session_ended, unacknowledged } = due;
        Some(DetachOutcome { will, session_ended, unacknowledged })
    }

    /// Starts sending after CONNACK. Resends all messages that the client has not acknowledged: PUBRELs in the order of
    /// the PUBRECs, then PUBLISHes with DUP, oldest first. Afterwards, the session sends queued messages as far as the
    /// quota allows. Messages are resent only here. `[MQTT5-4.4.0-1]` `[MQTT5-4.3.3-5]` `[MQTT5-4.6.0-5]`
    /// `[MQTT3-4.6.0-1]`
    pub fn resume(&mut self, now: Instant) {
        if !self.is_attached() || self.resumed {
            return;
        }
        self.resumed = true;
        self.resend_all(now);
    }

    /// Like [`Session::resume`], but sends no message before the commit passed to the next [`Session::set_commit`],
    /// because the messages to resend may not be stored yet.
    pub fn resume_after_commit(&mut self) {
        if !self.is_attached() || self.resumed {
            return;
        }
        self.resumed = true;
        self.awaiting_commit.get_or_insert_default().push_resends();
    }

    pub(super) fn resend_all(&mut self, now: Instant) {
        for id in self.inflight.released() {
            self.send_release(id);
        }
        self.resends = self.inflight.published().collect();
        self.resends.reverse();
        self.send_waiting(now);
    }

    fn begin_connection(&mut self, negotiated: &Negotiated) {
        self.epoch += 1;
        let fresh = self.lifecycle == Lifecycle::Ended;
        self.lifecycle = Lifecycle::Attached;
        self.session_expiry = negotiated.session_expiry;
        if !Arc::ptr_eq(&self.config, &negotiated.limits) {
            self.config = Arc::clone(&negotiated.limits);
        }
        self.update_change_log(fresh);
        self.will = negotiated.will.clone().map(Box::new);
        self.outbox.open(negotiated, self.config.outgoing_alias_max);
        self.quota = Quota { left: negotiated.receive_maximum };
        self.inflight.begin_connection();
        if let Some(receiving) = &mut self.receiving {
            receiving.begin_connection();
        }
    }

    fn end_connection(&mut self, cause: Cause, due: &mut TimeoutOutcome, now: Instant) {
        let raised = self.change_expiry(cause);
        let keeps_will = raised || cause.keeps_will();
        let will_delay = self.will.as_ref().map_or(0, |will| will.delay);
        let outcome = lifecycle::detach(keeps_will, will_delay, self.session_expiry);
        self.lifecycle = Lifecycle::after_detach(outcome, will_delay, self.session_expiry, now);
        self.apply_outcome(outcome, due);
        if !outcome.session_ended {
            self.record_change(Change::MetadataChanged);
        }
        self.resumed = false;
        self.resends = Vec::new();
        self.awaiting_commit = None;
        self.outbox.close();
    }

    /// Applies the session expiry of a DISCONNECT. Returns true if the client tried to raise a session expiry of 0.
    /// Raising a session expiry of 0 is a protocol error, and the session keeps the session expiry of CONNECT.
    fn change_expiry(&mut self, cause: Cause) -> bool {
        let Cause::Disconnect { session_expiry: Some(requested), .. } = cause else { return false };
        let raised = self.session_expiry == 0 && requested > 0;
        if !raised {
            self.session_expiry = requested.min(self.config.session_expiry_max);
        }
        raised
    }
}
