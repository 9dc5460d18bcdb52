//! Connections and sessions come and go: section 3.1.2.4, 3.1.2.11.2, 3.1.3.2.2 and 3.14 of MQTT 5, 3.1.2.4 of MQTT 3.1.1.

use tidegate_mqtt::{Connect, Disconnect, ProtocolVersion, ReasonCode};

use super::connection::{Connection, Reply};
use super::message::after;
use super::outbound::Awaits;
use super::session::{Session, WillDue};
use super::{Model, Situation};
use crate::clients::broker::ConnectionId;

impl Model {
    /// CONNECT of a client. `[MQTT5-3.1.2-4]` `[MQTT5-3.1.2-5]` `[MQTT5-3.1.4-3]`
    pub(super) fn connect(&mut self, client: usize, connect: &Connect) {
        self.take_over(client, connect.clean_start);
        self.look_at(client);
        if connect.clean_start && self.sessions.contains_key(&client) {
            self.discard(client);
        }
        let present = self.sessions.contains_key(&client);
        if !present {
            self.last_serial += 1;
            let session = Session::new(self.last_serial, connect.version, self.inflight_max);
            self.sessions.insert(client, session);
        }
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let mut connection = Connection::new(client, connect.version);
        // MQTT 3.1 has no place for Session Present.
        let says_present = present && connect.version != ProtocolVersion::V3_1;
        connection.replies.push_back(Reply::ConnAck(says_present));
        self.connections.insert(id, connection);
        if present {
            self.note_resume(client, connect);
        }
        self.open(client, id, connect);
    }

    /// DISCONNECT of the client. `[MQTT5-3.14.4-3]` `[MQTT5-3.1.2-10]`
    pub(super) fn disconnect(&mut self, client: usize, disconnect: &Disconnect) {
        let session = self.session_mut(client);
        let had_will = session.will.is_some();
        if let Some(asked) = disconnect.session_expiry.filter(|_| session.version.is_v5()) {
            if session.expiry == 0 && asked > 0 {
                self.seen.note(Situation::ExpiryRaised);
                return self.violate(client, ReasonCode::ProtocolError);
            }
            let changed = std::mem::replace(&mut session.expiry, asked) != asked;
            self.seen.note_if(changed, Situation::ExpiryChanged);
        }
        if disconnect.reason == ReasonCode::Success {
            self.session_mut(client).will = None;
            self.seen.note_if(had_will, Situation::WillDeleted);
        }
        self.lose(client, None);
    }

    /// A fault of the client ends its connection; its will stays. `[MQTT5-4.13.1-1]`
    pub(super) fn violate(&mut self, client: usize, reason: ReasonCode) {
        self.seen.note(Situation::Violation);
        self.lose(client, Some(reason));
    }

    /// The connection of the client is gone, whoever closed it. The will is due after its delay, at the latest with the
    /// end of the session. `[MQTT5-3.1.2-8]` `[MQTT5-3.1.3-9]`
    pub(super) fn lose(&mut self, client: usize, farewell: Option<ReasonCode>) {
        let now = self.now;
        let session = self.session_mut(client);
        let id = session.connection.take().expect("the client is connected");
        session.outbound.close();
        let expiry = session.expiry;
        session.expires_at = (expiry != u32::MAX).then(|| after(now, expiry));
        let delay = session.will.as_ref().map(|will| will.delay);
        session.will_at = delay.map(|delay| after(now, delay));
        self.connections.get_mut(&id).expect("it is open").end(farewell);
        if expiry == 0 {
            self.seen.note_if(delay.is_some(), Situation::WillAtOnce);
            self.end(client);
        } else if delay == Some(0) {
            self.seen.note(Situation::WillAtOnce);
            self.will_falls_due(client);
        }
    }

    /// Milliseconds pass; what waits may expire.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        for session in self.sessions.values_mut() {
            let expired = session.outbound.expire(self.now);
            self.account.expired += expired;
            self.seen.note_if(expired > 0, Situation::MessageExpired);
        }
    }

    /// The session is over, and everything in it. `[MQTT5-3.1.2-23]` `[MQTT5-4.1.0-2]`
    pub(super) fn end(&mut self, client: usize) {
        if self.session_mut(client).will.is_some() {
            self.will_falls_due(client);
        }
        let session = self.sessions.remove(&client).expect("the session that ends");
        let mut flights: Vec<_> = session.outbound.flights.into_values().collect();
        flights.sort_unstable_by_key(|flight| flight.order);
        for flight in flights {
            match flight.awaits {
                // The receiver has the message.
                Awaits::Completed => self.account.delivered += 1,
                // Nobody else may get it [MQTT5-4.8.2-5].
                Awaits::Received => {
                    self.seen.note_if(flight.owed.share.is_some(), Situation::SharedKept);
                    self.account.ended += 1;
                }
                Awaits::Acknowledged => self.leave_behind(flight.owed),
            }
        }
        session.outbound.waiting.into_iter().for_each(|owed| self.leave_behind(owed));
        self.expired_orphans.extend(session.outbound.expired);
    }

    /// The will has to be published in this step.
    pub(super) fn will_falls_due(&mut self, client: usize) {
        let session = self.session_mut(client);
        session.will_at = None;
        let Some(will) = session.will.take() else { return };
        let serial = session.serial;
        self.wills_due.push(WillDue { client, serial, will });
    }

    /// A connection that the client still has is ended for the new one.
    fn take_over(&mut self, client: usize, clean_start: bool) {
        let Some(session) = self.sessions.get(&client).filter(|session| session.connection.is_some()) else {
            return;
        };
        let delay = session.will.as_ref().map(|will| will.delay);
        let ends = session.expiry == 0;
        self.seen.note(Situation::Takeover);
        self.seen.note_if(delay == Some(0), Situation::TakeoverWithWill);
        self.seen.note_if(ends, Situation::TakeoverEnds);
        let cancels = delay.is_some_and(|delay| delay > 0) && !ends && !clean_start;
        self.seen.note_if(cancels, Situation::TakeoverCancelsWill);
        self.lose(client, Some(ReasonCode::SessionTakenOver));
    }

    /// What fell due before the CONNECT and was not yet looked at.
    fn look_at(&mut self, client: usize) {
        let now = self.now;
        let Some(session) = self.sessions.get(&client) else { return };
        if session.expires_at.is_some_and(|at| at <= now) {
            self.seen.note(Situation::SessionExpiredAtConnect);
            self.end(client);
        } else if session.will_at.is_some_and(|at| at <= now) {
            self.seen.note(Situation::WillOverdue);
            self.will_falls_due(client);
        }
    }

    /// Clean Start ends a session that is there.
    fn discard(&mut self, client: usize) {
        let session = self.session_mut(client);
        let has_will = session.will.is_some();
        let has_messages = !session.outbound.waiting.is_empty() || !session.outbound.flights.is_empty();
        self.seen.note(Situation::CleanStart);
        self.seen.note_if(has_will, Situation::CleanStartWithWill);
        self.seen.note_if(has_messages, Situation::CleanStartWithQueue);
        self.end(client);
    }

    /// The session, new or not, has this connection now; what the client has not completed comes again.
    fn open(&mut self, client: usize, id: ConnectionId, connect: &Connect) {
        let session = self.session_mut(client);
        session.connection = Some(id);
        session.version = connect.version;
        session.expires_at = None;
        session.will_at = None;
        session.will = connect.will.clone();
        session.expiry = match (connect.version.is_v5(), connect.clean_start) {
            (true, _) => connect.session_expiry.unwrap_or(0),
            (false, true) => 0,
            (false, false) => u32::MAX,
        };
        let released = session.outbound.open(connect.receive_maximum.unwrap_or(u16::MAX));
        session.outbound.pump();
        let is_narrow = !session.outbound.resends.is_empty();
        self.seen.note_if(is_narrow, Situation::ResumeNarrow);
        for packet_id in released {
            self.expect_release(client, packet_id, ReasonCode::Success);
        }
    }

    fn note_resume(&mut self, client: usize, connect: &Connect) {
        let session = self.session_mut(client);
        let is_other = session.version.is_v5() != connect.version.is_v5();
        let waits = !session.outbound.waiting.is_empty();
        let has_will = session.will.is_some();
        let open: Vec<_> = session.outbound.open_ids().into_iter().map(|(_, awaits)| awaits).collect();
        self.seen.note(Situation::Resume);
        self.seen.note_if(is_other, Situation::ResumeOtherVersion);
        self.seen.note_if(waits, Situation::ResumeWithQueue);
        self.seen.note_if(has_will, Situation::WillCancelled);
        self.seen.note_if(open.contains(&Awaits::Acknowledged), Situation::ResumeWithPublish);
        self.seen.note_if(open.contains(&Awaits::Received), Situation::ResumeWithPublishTwo);
        self.seen.note_if(open.contains(&Awaits::Completed), Situation::ResumeWithRelease);
    }
}
