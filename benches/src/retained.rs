//! The scenario of retained messages: publishes many retained messages, receives all of them with new subscribers, and
//! removes them.

use std::time::Duration;

use serde::Serialize;

use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::count;
use crate::process::MonitoredProcess;
use crate::stamp::Stamp;
use crate::traffic::Snapshot;
use crate::wire::build;
use crate::wire::packet_type;
use crate::wire::publish::Template;

mod replay;

use replay::Replay;

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of topics with a retained message.
    pub topics: usize,
    /// Number of times that each topic is published to, and number of subscribers that then receive all messages.
    pub rounds: u64,
    /// QoS of the subscriptions: 0 or 1. Publishing is at QoS 1.
    pub qos: u8,
    /// Bytes per payload, at least `STAMP_LEN`.
    pub payload_len: usize,
    /// Time without an arriving message after which the missing messages count as lost.
    pub delivery_timeout: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// The figures of one phase of the scenario.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Phase {
    /// Number of messages published or received.
    pub messages: u64,
    /// Messages per second.
    pub per_second: f64,
    /// Microseconds of the broker's processor time per message.
    pub micros_per_message: Option<f64>,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `retained`.
    pub case: &'static str,
    /// The MQTT version.
    pub version: &'static str,
    /// Number of topics with a retained message.
    pub topics: u64,
    /// Figures of publishing. From the second round on, publishing replaces retained messages.
    pub write: Phase,
    /// Number of bytes of the broker's memory per retained message.
    pub bytes_per_message: Option<f64>,
    /// Figures of the delivery to new subscribers.
    pub replay: Phase,
    /// Milliseconds from the connect of the first subscriber to its last message.
    pub first_replay_millis: f64,
    /// The faults that were found. `misdelivered` includes messages that were delivered after their removal.
    pub faults: Faults,
}

/// Number of PUBLISH packets that are sent before their acknowledgements are read.
const BATCH_LEN: usize = 100;

/// Publishes, receives and removes the retained messages.
pub fn run(target: &Target, scenario: &Scenario) -> Result<Report, LoadError> {
    let run = std::process::id();
    let topics: Vec<String> =
        (0..scenario.topics).map(|topic| format!("load/{run:08x}/{}/{}", topic % 100, topic / 100)).collect();
    let mut publisher = RetainedPublisher {
        connection: BlockingConnection::connect(target, &format!("load-{run:x}-w"), 0)?,
        run,
    };
    let template = |topic: &String| Template::new(target.version, 1, true, topic, scenario.payload_len);
    let templates: Vec<Template> = topics.iter().map(template).collect();
    let topics_len = count(topics.len());

    let begin = Snapshot::of_broker(scenario.broker)?;
    for round in 0..scenario.rounds {
        publisher.publish(&templates, round * topics_len)?;
    }
    let written = Snapshot::of_broker(scenario.broker)?;

    let mut replay = Replay::new(target, scenario, run, &topics);
    let first_replay_millis = replay.read_all()?;
    let replayed = Snapshot::of_broker(scenario.broker)?;

    publisher.remove(target, &topics)?;
    replay.expect_nothing()?;
    Ok(Report {
        case: "retained",
        version: target.version.name(),
        topics: topics_len,
        write: phase_figures(&begin, &written, scenario.rounds * topics_len),
        bytes_per_message: written.bytes_per(&begin, topics_len),
        replay: phase_figures(&written, &replayed, replay.delivered()),
        first_replay_millis,
        faults: replay.faults(),
    })
}

fn phase_figures(from: &Snapshot, to: &Snapshot, messages: u64) -> Phase {
    Phase {
        messages,
        per_second: to.per_second(from, messages),
        micros_per_message: to.micros_per(from, messages),
    }
}

/// Publishes retained messages at QoS 1, in batches.
struct RetainedPublisher {
    connection: BlockingConnection,
    run: u32,
}

impl RetainedPublisher {
    fn publish(&mut self, templates: &[Template], first: u64) -> Result<(), LoadError> {
        let mut sequence = first;
        let batch_len = usize::from(self.connection.receive_maximum()).min(BATCH_LEN);
        let mut batch = Vec::new();
        for templates in templates.chunks(batch_len) {
            batch.clear();
            for (packet_id, template) in (1u16..).zip(templates) {
                let stamp = Stamp { run: self.run, publisher: 0, sequence, due: 0 };
                template.append(packet_id, &stamp, &mut batch);
                sequence += 1;
            }
            self.connection.send(&batch)?;
            self.await_acks(templates.len())?;
        }
        Ok(())
    }

    /// Removes all retained messages by publishing retained messages without a payload to their topics.
    fn remove(&mut self, target: &Target, topics: &[String]) -> Result<(), LoadError> {
        let batch_len = usize::from(self.connection.receive_maximum()).min(BATCH_LEN);
        for topics in topics.chunks(batch_len) {
            let mut batch = Vec::new();
            for (packet_id, topic) in (1u16..).zip(topics) {
                batch.extend(build::remove_retained(target.version, packet_id, topic));
            }
            self.connection.send(&batch)?;
            self.await_acks(topics.len())?;
        }
        Ok(())
    }

    fn await_acks(&mut self, acks: usize) -> Result<(), LoadError> {
        for _ in 0..acks {
            self.connection.with_packet(|packet| match (packet.packet_type(), packet.body.get(2)) {
                (packet_type::PUBACK, Some(code)) if *code >= 0x80 => {
                    Err(LoadError::Refused { packet: "PUBLISH", code: *code })
                }
                (packet_type::PUBACK, _) => Ok(()),
                (packet_type, _) => Err(LoadError::Unexpected { expected: "PUBACK", packet_type }),
            })?;
        }
        Ok(())
    }
}
