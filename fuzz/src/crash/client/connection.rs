//! Beginning and end of a client's connections, and their effects on session and will.

use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Connect, Packet, QoS, Will};

use super::{CausedWill, Client, Expected};
use crate::crash::promises::Promises;
use crate::random::Random;

impl Client {
    /// Begins a connection; returns the bytes of CONNECT. If `is_calm`, the session does not expire within the run.
    pub(in crate::crash) fn connect(
        &mut self,
        promises: &mut Promises,
        random: &mut Random,
        is_calm: bool,
    ) -> Vec<u8> {
        self.choose_session(random, is_calm);
        if self.is_clean || self.expiry == 0 {
            promises.session_unsure(self.index);
        }
        let mut connect = Connect::new(self.version, self.name());
        connect.clean_start = self.is_clean;
        connect.session_expiry = Some(self.expiry).filter(|_| self.version.is_v5());
        connect.receive_maximum = random.chance(20).then_some(2).filter(|_| self.version.is_v5());
        if random.chance(40) {
            connect.will = Some(self.make_will(promises, random));
        }
        let mut bytes = Vec::new();
        Packet::from(connect).encode(self.version, &mut bytes).expect("a CONNECT that can be written");
        bytes
    }

    fn choose_session(&mut self, random: &mut Random, is_calm: bool) {
        self.is_clean = self.must_clean || !is_calm && random.chance(8);
        self.expiry = match (self.version.is_v5(), self.is_clean) {
            (true, _) if is_calm => LONG,
            (true, _) => random.pick(&[LONG, LONG, LONG, LONG, LONG, SHORT, 0]),
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
        promises.excused(number);
        self.will = Some(number);
        Will::new(name, number.0.to_string(), qos)
    }

    /// Ends the connection. `will` says whether it ended without DISCONNECT.
    pub(in crate::crash) fn lost(&mut self, promises: &mut Promises, causes_will: bool) {
        self.link = None;
        let was_open = std::mem::take(&mut self.is_open);
        let will = self.will.take();
        self.requests.clear();
        self.answers.clear();
        self.partial.clear();
        if !was_open {
            self.attempt_failed();
            return;
        }
        if let Some(number) = will.filter(|_| causes_will) {
            promises.will_caused(number);
            self.wills_caused.push(CausedWill { number, is_stored: self.expiry > 0, is_published: false });
        }
        match self.expiry {
            0 => {
                self.forget_session();
                promises.session_ended(self.index);
                self.expected = Expected::Absent;
            }
            SHORT => {
                promises.session_unsure(self.index);
                self.expected = Expected::Either;
            }
            _ => self.expected = Expected::Present,
        }
    }

    /// Handles the end of a connection before CONNACK. If the session may have ended, a session found next time may be
    /// another one: only a new session is safe then.
    fn attempt_failed(&mut self) {
        self.must_clean |= self.expected != Expected::Present || self.expiry <= SHORT;
    }

    /// Handles a crash of the broker: a session that ends with its connection is lost together with its will.
    pub(in crate::crash) fn broker_crashed(&mut self, promises: &mut Promises) {
        if self.link.is_some() {
            self.lost(promises, true);
        }
        self.wills_caused.retain(|will| {
            if !will.is_stored {
                promises.excused(will.number);
            }
            will.is_stored
        });
    }

    /// Records that everything that the broker has handled is committed.
    pub(in crate::crash) fn all_committed(&mut self, promises: &mut Promises) {
        for will in self.wills_caused.extract_if(.., |will| will.is_published) {
            promises.acknowledged(will.number);
        }
    }

    /// Records that the broker has handled the end of all earlier connections.
    pub(super) fn confirm_wills(&mut self, promises: &mut Promises) {
        for will in &mut self.wills_caused {
            will.is_published = true;
        }
        // CONNACK waits for the commit of the session that had the will.
        for will in self.wills_caused.extract_if(.., |will| will.is_stored) {
            promises.acknowledged(will.number);
        }
    }

    /// Returns some or all of the acknowledgements that are not sent yet.
    pub(in crate::crash) fn answer(&mut self, count: usize) -> Vec<u8> {
        let count = count.min(self.answers.len());
        let answers: Vec<_> = self.answers.drain(..count).collect();
        self.encode(answers)
    }
}

/// A session expiry that is longer than any run, in seconds.
const LONG: u32 = 1_000_000;
/// A session expiry that is shorter than a run, in seconds.
const SHORT: u32 = 2;
