//! Connections come and go: handshake, takeover, resumption, the end.

use std::sync::Arc;

use tidegate_mqtt::{Connect, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Connection};

use super::handshake;
use super::operation::OfLink;
use super::setup::Client;
use super::wire::Wire;
use super::world::{Link, World};

impl World {
    pub(super) fn apply_to_link(&mut self, operation: OfLink) {
        match operation {
            OfLink::Connect(client) => self.connect(&client),
            OfLink::Resume => self.resume(),
            OfLink::Leave(cause) => self.leave(cause),
            OfLink::LeaveLate(cause) => {
                let late = self.session.epoch().wrapping_sub(1);
                assert!(
                    self.session.detach(late, cause, self.now).is_none(),
                    "a fenced connection did something"
                );
            }
        }
    }

    /// A client that takes everything comes back, if the session is still there, and reads until nothing is left.
    pub(super) fn drain(&mut self) {
        if self.link.is_some() {
            self.leave(Cause::Closed);
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
        panic!("messages are left: {} open, {} queued", self.session.inflight(), self.session.queued());
    }

    /// The session is given up.
    pub(super) fn leave_for_good(&mut self) {
        self.leave(Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(0) });
    }

    fn connect(&mut self, client: &Client) {
        let Some(negotiated) = handshake::connect(client, &self.config) else { return };
        let epoch_before = self.session.epoch();
        let attached = self.session.attach(&negotiated, self.now);
        let (present, outcome) = self.life.attach(&negotiated, self.now);
        assert_eq!(attached.session_present, present, "session present");
        assert_eq!(attached.was_attached, self.link.is_some());
        assert_eq!(attached.epoch, self.session.epoch());
        assert!(attached.epoch > epoch_before, "the epoch does not grow");
        assert_eq!(attached.will, outcome.will, "the will at the next CONNECT");
        if let Some(mut former) = self.link.take() {
            former.wire.put_back_late(&mut self.session);
        }
        self.outbound.take_orphans(&attached.unacknowledged);
        if !present {
            self.outbound.end();
            self.inbound.end();
            self.subscriptions.end(&attached.removed);
        }
        assert!(!present || attached.removed.is_empty());
        self.open(negotiated, present);
    }

    fn open(&mut self, negotiated: tidegate_session::Negotiated, present: bool) {
        assert!(self.session.write_buffer().is_empty(), "bytes before CONNACK");
        self.outbound.begin();
        self.inbound.begin();
        let connack = negotiated.connack(present, &self.config);
        let connection = Connection::new(&negotiated, Arc::clone(&self.config));
        assert_eq!(connection.version(), negotiated.version);
        let wire = Wire::new(&negotiated);
        let epoch = self.session.epoch();
        self.link = Some(Link { negotiated, connection, epoch, resumed: false, wire });
        if !self.session.send(&Packet::from(connack)) {
            self.leave(Cause::Shutdown);
        }
    }

    fn resume(&mut self) {
        self.session.resume(self.now);
        if let Some(link) = self.link.as_mut().filter(|link| !link.resumed) {
            link.resumed = true;
            self.outbound.resume();
        }
    }

    fn leave(&mut self, cause: Cause) {
        self.check();
        let Some(mut link) = self.link.take() else {
            let epoch = self.session.epoch();
            assert!(self.session.detach(epoch, cause, self.now).is_none(), "left twice");
            return;
        };
        let detached =
            self.session.detach(link.epoch, cause, self.now).expect("the connection of the session");
        let outcome = self.life.leave(cause, self.now);
        assert_eq!((detached.will, detached.ended), (outcome.will, outcome.ended), "the end by {cause:?}");
        link.wire.put_back_late(&mut self.session);
        self.outbound.take_orphans(&detached.unacknowledged);
        if detached.ended {
            self.outbound.end();
            self.inbound.end();
        }
        self.outbound.begin();
        drop(self.session.write_buffer().take(Vec::new()));
    }
}

/// More rounds than any queue here needs.
const ROUNDS_MAX: usize = 2000;
