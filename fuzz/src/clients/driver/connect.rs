//! Chooses CONNECT packets with random options.

use tidegate_mqtt::{Connect, ProtocolVersion, QoS, Will, topic};

use super::{Driver, TOPICS};
use crate::clients::model::{Model, client_id};
use crate::clients::step::Step;

impl Driver {
    /// Chooses a CONNECT of the client, which may already have a connection. Sometimes the CONNECT arrives late, after
    /// a timer was due that the broker has not handled.
    pub(super) fn connect(&mut self, client: usize, model: &Model) -> Step {
        let until_due = model.next_due().map_or(0, |due| due - model.now());
        let lag = match self.random.below(10) {
            0 | 1 => until_due.min(100_000),
            2 => self.random.pick(&[1, 1000, 30_000]),
            _ => 0,
        };
        let version = match self.random.below(10) {
            0..7 => ProtocolVersion::V5,
            7..9 => ProtocolVersion::V3_1_1,
            _ => ProtocolVersion::V3_1,
        };
        let mut connect = Connect::new(version, client_id(client));
        connect.clean_start = self.random.chance(25);
        connect.keep_alive = self.random.pick(&[0, 0, 0, 3, 60]);
        connect.will = self.random.chance(65).then(|| self.will(version));
        if version.is_v5() {
            connect.session_expiry = self.random.pick(&SESSION_EXPIRIES);
            connect.receive_maximum = self.random.pick(&[None, Some(10), Some(3), Some(2), Some(1)]);
            connect.topic_alias_maximum = self.random.pick(&[None, None, Some(2)]);
        }
        Step::Connect { client, connect: Box::new(connect), lag }
    }

    fn will(&mut self, version: ProtocolVersion) -> Will {
        let name = topic::Name::parse(self.random.pick(&TOPICS)).expect("a topic name");
        let mut will = Will::new(name, self.payload(), self.random.pick(&QoS::ALL));
        will.retain = self.random.chance(30);
        if version.is_v5() {
            will.delay = self.random.pick(&[0, 0, 1, 3, 20, u32::MAX]);
            let expiry = self.random.pick(&[None, None, Some(0), Some(2), Some(30)]);
            will.expiry = expiry.filter(|_| self.may_expire);
        }
        will
    }
}

/// Choices for the session expiry, in seconds.
const SESSION_EXPIRIES: [Option<u32>; 8] =
    [None, Some(0), Some(2), Some(5), Some(5), Some(30), Some(300), Some(u32::MAX)];
