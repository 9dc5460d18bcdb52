//! Checks that a broker started from a filled store has the sessions and their queued messages.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{RUN_ID, client_id, topic_of_session};
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::{float, ratio};
use crate::sequence_tracker::SequenceTracker;
use crate::traffic::subscriber::RunContext;
use crate::wire::build::{self, Session};
use crate::wire::packet_type;
use crate::wire::publish::ReceivedPublish;
use crate::wire::scan::RawPacket;

/// The contents of the store, and how many sessions to check.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of sessions in the store.
    pub sessions: u32,
    /// Number of sessions to check. The checked sessions are spread evenly over all sessions.
    pub sample: u32,
    /// Number of queued messages per session.
    pub queued: u32,
    /// Bytes per payload.
    pub payload_len: usize,
    /// Time without an arriving message after which the missing messages of a session count as lost.
    pub delivery_timeout: Duration,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `resume`.
    pub case: &'static str,
    /// Number of sessions that were checked.
    pub sessions: u32,
    /// Number of sessions that the broker did not have.
    pub absent: u32,
    /// Number of messages received.
    pub messages: u64,
    /// Messages received per second, one session after the other.
    pub per_second: f64,
    /// The faults that were found.
    pub faults: Faults,
}

/// Reconnects the sessions one after the other and receives their queued messages.
pub fn run(target: &Target, scenario: &Scenario) -> Result<Report, LoadError> {
    let context = RunContext::new(RUN_ID, target.version, scenario.payload_len);
    let began = Instant::now();
    let mut report = Report {
        case: "resume",
        sessions: 0,
        absent: 0,
        messages: 0,
        per_second: 0.0,
        faults: Faults::default(),
    };
    let step = scenario.sessions.div_ceil(scenario.sample.max(1)).max(1);
    for index in (0..scenario.sessions).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
        let mut connection = BlockingConnection::connect_to(target, &client_id(index), 0, Session::Resumed)?;
        connection.set_timeout(scenario.delivery_timeout);
        report.sessions += 1;
        report.absent += u32::from(!connection.session_present());
        let mut resumed = ResumedSession {
            index,
            topic: topic_of_session(index),
            tracker: SequenceTracker::default(),
            faults: Faults::default(),
        };
        if connection.session_present() {
            resumed.receive_queued(&mut connection, &context, scenario.queued)?;
        }
        report.messages += resumed.tracker.next_expected();
        report.faults.add(&resumed.tracker.final_faults(u64::from(scenario.queued)));
        report.faults.add(&resumed.faults);
        connection.disconnect()?;
    }
    report.per_second = ratio(float(report.messages), began.elapsed().as_secs_f64());
    Ok(report)
}

/// A session that has reconnected.
struct ResumedSession {
    index: u32,
    topic: String,
    tracker: SequenceTracker,
    faults: Faults,
}

impl ResumedSession {
    fn receive_queued(
        &mut self,
        connection: &mut BlockingConnection,
        context: &RunContext,
        queued: u32,
    ) -> Result<(), LoadError> {
        let mut pinged = false;
        let mut outgoing = Vec::new();
        loop {
            if self.tracker.is_complete(u64::from(queued)) && !pinged {
                outgoing.extend_from_slice(&build::PINGREQ);
                pinged = true;
            }
            if connection.is_drained() {
                connection.send(&outgoing)?;
                outgoing.clear();
            }
            match connection.with_packet(|packet| self.handle_packet(&packet, context, &mut outgoing)) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if error.is_timeout() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Handles one packet. Returns true for PINGRESP.
    fn handle_packet(
        &mut self,
        packet: &RawPacket<'_>,
        context: &RunContext,
        outgoing: &mut Vec<u8>,
    ) -> Result<bool, LoadError> {
        match packet.packet_type() {
            packet_type::PINGRESP => return Ok(true),
            packet_type::PUBLISH => {}
            packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
        }
        let publish =
            ReceivedPublish::parse(packet, context.version).ok_or(LoadError::Malformed("PUBLISH"))?;
        publish.acknowledge(outgoing);
        match context.stamp(&publish) {
            Some(stamp) if stamp.publisher == self.index && publish.topic == self.topic.as_bytes() => {
                self.tracker.record(stamp.sequence);
            }
            Some(_) => self.faults.misdelivered += 1,
            None => self.faults.corrupt += 1,
        }
        Ok(false)
    }
}
