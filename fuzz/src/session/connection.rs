//! Begins and ends connections of the session: handshake, takeover, resume, close.

use std::sync::Arc;

use tidegate_mqtt::{Connect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Connection};

use super::handshake;
use super::harness::{Harness, OpenConnection};
use super::operation::ConnectionOperation;
use super::setup::Client;
use super::wire::Wire;

impl Harness {
    pub(super) fn apply_to_connection(&mut self, operation: ConnectionOperation) {
        match operation {
            ConnectionOperation::Connect(client) => self.connect(&client),
            ConnectionOperation::Resume => self.resume(),
            ConnectionOperation::Leave(cause) => self.end_connection(cause),
            ConnectionOperation::LeaveLate(cause) => {
                let late = self.session.epoch().wrapping_sub(1);
                assert!(
                    self.session.detach(late, cause, self.now).is_none(),
                    "a connection that was taken over changes the session"
                );
            }
        }
    }

    /// Connects a client without limits, resumes the session if it exists, and reads and acknowledges until no message
    /// is left.
    pub(super) fn drain(&mut self) {
        if self.connection.is_some() {
            self.end_connection(Cause::Closed);
            self.check();
        }
        let mut connect = Connect::new(ProtocolVersion::V5, "c");
        connect.clean_start = false;
        connect.session_expiry = Some(1);
        self.connect(&Client { connect, answers: [b"yes"; 2] });
        self.check();
        self.resume();
        self.check();
        for _ in 0..ROUNDS_MAX {
            if self.outbound.is_idle() && self.session.queued() == 0 {
                return;
            }
            self.read_and_acknowledge();
        }
        panic!("messages are left: {} in flight, {} queued", self.session.inflight(), self.session.queued());
    }

    /// Sends a DISCONNECT that ends the session.
    pub(super) fn end_session(&mut self) {
        self.end_connection(Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(0) });
    }

    fn connect(&mut self, client: &Client) {
        let Some(negotiated) = handshake::connect(client, &self.config) else { return };
        let epoch_before = self.session.epoch();
        let attached = self.session.attach(&negotiated, self.now);
        let (present, outcome) = self.lifecycle.attach(&negotiated, self.now);
        assert_eq!(attached.session_present, present, "session present");
        assert_eq!(attached.was_attached, self.connection.is_some());
        assert_eq!(attached.epoch, self.session.epoch());
        assert!(attached.epoch > epoch_before, "the epoch does not rise");
        assert_eq!(attached.will, outcome.will, "the will at the next CONNECT");
        if let Some(mut former) = self.connection.take() {
            former.wire.put_back_late(&mut self.session);
        }
        self.outbound.take_unacknowledged(&attached.unacknowledged);
        if !present {
            self.outbound.end();
            self.inbound.end();
            self.subscriptions.end(&attached.removed_subscriptions);
        }
        assert!(!present || attached.removed_subscriptions.is_empty());
        self.open_connection(negotiated, present);
    }

    fn open_connection(&mut self, negotiated: tidegate_session::Negotiated, present: bool) {
        assert!(self.session.write_buffer().is_empty(), "bytes before CONNACK");
        self.outbound.begin();
        self.inbound.begin();
        let connack = negotiated.connack(present, &self.config);
        let inbound = Connection::new(&negotiated, Arc::clone(&self.config));
        assert_eq!(inbound.version(), negotiated.version);
        let wire = Wire::new(&negotiated);
        let epoch = self.session.epoch();
        self.connection = Some(OpenConnection { negotiated, inbound, epoch, resumed: false, wire });
        if self.session.send(&Packet::from(connack)) != Ok(true) {
            self.end_connection(Cause::Shutdown);
        }
    }

    fn resume(&mut self) {
        self.session.resume(self.now);
        if let Some(connection) = self.connection.as_mut().filter(|connection| !connection.resumed) {
            connection.resumed = true;
            self.outbound.resume();
        }
    }

    fn end_connection(&mut self, cause: Cause) {
        self.check();
        let Some(mut connection) = self.connection.take() else {
            let epoch = self.session.epoch();
            assert!(self.session.detach(epoch, cause, self.now).is_none(), "a connection is detached twice");
            return;
        };
        let detached =
            self.session.detach(connection.epoch, cause, self.now).expect("the connection of the session");
        let outcome = self.lifecycle.detach(cause, self.now);
        assert_eq!(
            (detached.will, detached.session_ended),
            (outcome.will, outcome.session_ended),
            "the end of the connection by {cause:?}"
        );
        connection.wire.put_back_late(&mut self.session);
        self.outbound.take_unacknowledged(&detached.unacknowledged);
        if detached.session_ended {
            self.outbound.end();
            self.inbound.end();
        }
        self.outbound.begin();
        drop(self.session.write_buffer().take(Vec::new()));
    }
}

/// Maximum number of rounds of reading and acknowledging, more than the longest queue needs.
const ROUNDS_MAX: usize = 2000;
