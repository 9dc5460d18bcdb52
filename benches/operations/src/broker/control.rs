//! Cases with packets that bring no message to a subscriber: CONNECT, DISCONNECT, PINGREQ, and a retained PUBLISH
//! without subscribers.

use std::time::Duration;

use tidegate_broker::BrokerConfig;
use tidegate_mqtt::{Connect, Disconnect, Packet, ReasonCode};

use super::client::{Client, encoded};
use super::core::Core;
use crate::codec::{V5, retained};
use crate::{Case, CaseSetup};

pub(super) const CASES: &[CaseSetup] = &[connect_and_disconnect, ping, retain];

fn new_core() -> Core {
    Core::new(BrokerConfig::default(), None)
}

/// Sets up the case in which a client connects with a clean session and disconnects.
fn connect_and_disconnect() -> Case {
    let mut core = new_core();
    let connect = encoded(Connect { keep_alive: 60, ..Connect::new(V5, "device-00042") });
    let disconnect = encoded(Disconnect::new(ReasonCode::Success));
    Case::single("broker/CONNECT and DISCONNECT, clean session", move || {
        let mut connection = core.accept(connect.clone());
        core.flush();
        let end = core.poll(&mut connection, &disconnect).expect_err("it sent DISCONNECT");
        core.end(connection, &end);
        core.advance_clock(Duration::from_secs(1));
    })
}

fn ping() -> Case {
    let mut core = new_core();
    let mut client = Client::connected(&mut core, "client");
    let wire = encoded(Packet::PingReq);
    Case::single("broker/PINGREQ", move || {
        client.send(&mut core, &wire);
        core.flush();
    })
}

/// Sets up the case of replacing a retained message. The topics are those of the case `retained/set one of 10,000
/// again`.
fn retain() -> Case {
    let mut core = new_core();
    let mut publisher = Client::connected(&mut core, "publisher");
    let topic = |number: u32| format!("plant/{}/line/{}/temperature", number % 1000, number / 1000);
    let wires: Vec<_> = (0..TOPIC_COUNT).map(|number| retained(&topic(number))).collect();
    Case::batch("broker/retained QoS 0 on one of 10,000", TOPIC_COUNT, move || {
        for wire in &wires {
            publisher.send(&mut core, wire);
            core.flush();
        }
    })
}

const TOPIC_COUNT: u32 = 10_000;
