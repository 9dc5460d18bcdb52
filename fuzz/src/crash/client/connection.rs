//! Begins and ends a client's connections, and applies their effects on the session and the will.

use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Connect, Packet, QoS, Will};

use super::{Client, Expected, TriggeredWill};
use crate::crash::promises::Promises;
use crate::random::Random;

impl Client {
    /// Begins a connection and returns the bytes of CONNECT. If `must_keep_session`, the session does not expire within
    /// the run.
    pub(in crate::crash) fn connect(
        &mut self,
        promises: &mut Promises,
        random: &mut Random,
        must_keep_session: bool,
    ) -> Vec<u8> {
        self.choose_session(random, must_keep_session);
        if self.is_clean || self.session_expiry == 0 {
            promises.session_may_have_ended(self.index);
        }
        let mut connect = Connect::new(self.version, self.name());
        connect.clean_start = self.is_clean;
        connect.session_expiry = Some(self.session_expiry).filter(|_| self.version.is_v5());
        connect.receive_maximum = random.chance(20).then_some(2).filter(|_| self.version.is_v5());
        if random.chance(40) {
            connect.will = Some(self.make_will(promises, random));
        }
        let mut bytes = Vec::new();
        Packet::from(connect).encode(self.version, &mut bytes).expect("a CONNECT that can be written");
        bytes
    }

    fn choose_session(&mut self, random: &mut Random, must_keep_session: bool) {
        self.is_clean = self.must_start_clean || !must_keep_session && random.chance(8);
        self.session_expiry = match (self.version.is_v5(), self.is_clean) {
            (true, _) if must_keep_session => LONG_EXPIRY,
            (true, _) => random.pick(&[
                LONG_EXPIRY,
                LONG_EXPIRY,
                LONG_EXPIRY,
                LONG_EXPIRY,
                LONG_EXPIRY,
                SHORT_EXPIRY,
                0,
            ]),
            // Before MQTT 5, a clean session ends with its connection.
            (false, true) => 0,
            (false, false) => u32::MAX,
        };
        if self.is_clean {
            self.expected = Expected::Absent;
        }
    }

    fn make_will(&mut self, promises: &mut Promises, random: &mut Random) -> Will {
        let qos = random.pick(&[QoS::AtLeastOnce, QoS::ExactlyOnce]);
        let topic = format!("w/{}", self.index);
        let name = Name::parse(&topic).expect("a topic name");
        let number = promises.publish(topic, qos, false, false);
        promises.mark_optional(number);
        self.will = Some(number);
        Will::new(name, number.0.to_string(), qos)
    }

    /// Ends the connection. `triggers_will` is true if the connection ended without DISCONNECT.
    pub(in crate::crash) fn connection_lost(&mut self, promises: &mut Promises, triggers_will: bool) {
        self.link = None;
        let was_open = std::mem::take(&mut self.is_open);
        let will = self.will.take();
        self.requests.clear();
        self.unsent_acks.clear();
        self.partial_packet.clear();
        if !was_open {
            self.handle_connect_failure();
            return;
        }
        if let Some(number) = will.filter(|_| triggers_will) {
            promises.will_triggered(number);
            self.triggered_wills.push(TriggeredWill {
                number,
                is_stored: self.session_expiry > 0,
                is_published: false,
            });
        }
        match self.session_expiry {
            0 => {
                self.forget_session();
                promises.session_ended(self.index);
                self.expected = Expected::Absent;
            }
            SHORT_EXPIRY => {
                promises.session_may_have_ended(self.index);
                self.expected = Expected::Either;
            }
            _ => self.expected = Expected::Present,
        }
    }

    /// Handles the end of a connection before CONNACK. If the session may have ended, the next CONNECT must request a
    /// new session, because the broker might otherwise resume a session that the client does not know.
    fn handle_connect_failure(&mut self) {
        self.must_start_clean |= self.expected != Expected::Present || self.session_expiry <= SHORT_EXPIRY;
    }

    /// Handles a crash of the broker, in which a session that ends with its connection is lost together with its will.
    pub(in crate::crash) fn broker_crashed(&mut self, promises: &mut Promises) {
        if self.link.is_some() {
            self.connection_lost(promises, true);
        }
        self.triggered_wills.retain(|will| {
            if !will.is_stored {
                promises.mark_optional(will.number);
            }
            will.is_stored
        });
    }

    /// Records that everything the broker has handled is committed.
    pub(in crate::crash) fn all_committed(&mut self, promises: &mut Promises) {
        for will in self.triggered_wills.extract_if(.., |will| will.is_published) {
            promises.acknowledged(will.number);
        }
    }

    /// Records that the broker has handled the ends of all earlier connections.
    pub(super) fn confirm_wills(&mut self, promises: &mut Promises) {
        for will in &mut self.triggered_wills {
            will.is_published = true;
        }
        // CONNACK of a stored session was sent only after the changes of the session, including the publish of its
        // will, were committed.
        for will in self.triggered_wills.extract_if(.., |will| will.is_stored) {
            promises.acknowledged(will.number);
        }
    }

    /// Returns the bytes of up to `count` acknowledgements that were not sent yet.
    pub(in crate::crash) fn take_acks(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.unsent_acks.len());
        let unsent_acks: Vec<_> = self.unsent_acks.drain(..count).collect();
        self.encode(unsent_acks)
    }
}

/// A session expiry in seconds that is longer than any run.
const LONG_EXPIRY: u32 = 1_000_000;
/// A session expiry in seconds that is shorter than a run.
const SHORT_EXPIRY: u32 = 2;
