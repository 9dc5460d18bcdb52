//! Checks that the retained message of each topic is the newest message of the topic, and removes it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::checker::SessionChecker;
use super::layout::Layout;
use super::report::Collected;
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::{count, float, ratio};
use crate::traffic::subscriber::RunContext;
use crate::wire::publish::ReceivedPublish;
use crate::wire::{build, packet_type};

/// Reads, checks and removes the retained messages. `sent` contains the number of sent messages of each publisher.
pub(super) fn read(
    target: &Target,
    layout: &Layout<'_>,
    sent: &[u64],
    delivery_timeout: Duration,
) -> Result<(Collected, Faults), LoadError> {
    let newest_sequences = newest_sequences(layout, sent);
    let topics = newest_sequences.len();
    let began = Instant::now();
    let mut connection = BlockingConnection::connect(target, &format!("load-{:x}-r", layout.run), 0)?;
    connection.set_timeout(delivery_timeout);
    let filters = [format!("load/{:08x}/#", layout.run)];
    connection.send(&build::subscribe(target.version, 1, &filters, 0))?;
    let context = RunContext::new(layout.run, target.version, layout.scenario.payload_len);
    let faults = check_newest(&mut connection, &context, newest_sequences)?;
    let messages = count(topics) - faults.lost;
    let per_second = ratio(float(messages), began.elapsed().as_secs_f64());
    connection.disconnect()?;
    remove_retained(target, layout)?;
    Ok((Collected { messages, per_second }, faults))
}

/// Reads until every expected message has arrived or nothing arrives within the timeout.
fn check_newest(
    connection: &mut BlockingConnection,
    context: &RunContext,
    mut newest_sequences: HashMap<Vec<u8>, u64>,
) -> Result<Faults, LoadError> {
    let mut faults = Faults::default();
    while !newest_sequences.is_empty() {
        match receive_next(connection, context) {
            Ok(None) => {}
            Ok(Some(retained)) => match newest_sequences.remove(&retained.topic) {
                Some(newest) if Some(newest) == retained.sequence => {}
                Some(_) => faults.corrupt += 1,
                None => faults.duplicated += 1,
            },
            Err(error) if error.is_timeout() => break,
            Err(error) => return Err(error),
        }
    }
    faults.lost = count(newest_sequences.len());
    Ok(faults)
}

/// Returns the newest sequence number of each topic that was published to.
fn newest_sequences(layout: &Layout<'_>, sent: &[u64]) -> HashMap<Vec<u8>, u64> {
    let each = layout.scenario.topics;
    let checker = SessionChecker::new(Vec::new(), each, 0);
    let newest = |(index, topic): (usize, &String)| {
        let sent = sent.get(index / each).copied().unwrap_or_default();
        let written = checker.messages_of_topic(index, sent).checked_sub(1)?;
        Some((topic.clone().into_bytes(), written * count(each) + count(index % each)))
    };
    layout.topics().iter().enumerate().filter_map(newest).collect()
}

/// A received retained message.
struct ReceivedRetained {
    topic: Vec<u8>,
    /// Sequence number in the payload. `None` if the payload is corrupt.
    sequence: Option<u64>,
}

/// Receives the next packet. Returns its retained message, or `None` for SUBACK.
fn receive_next(
    connection: &mut BlockingConnection,
    context: &RunContext,
) -> Result<Option<ReceivedRetained>, LoadError> {
    connection.with_packet(|packet| match packet.packet_type() {
        packet_type::SUBACK => Ok(None),
        packet_type::PUBLISH => {
            let publish =
                ReceivedPublish::parse(&packet, context.version).ok_or(LoadError::Malformed("PUBLISH"))?;
            let sequence = context.stamp(&publish).map(|stamp| stamp.sequence);
            Ok(Some(ReceivedRetained { topic: publish.topic.to_vec(), sequence }))
        }
        packet_type => Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
    })
}

/// Removes all retained messages by publishing retained messages without a payload to their topics.
fn remove_retained(target: &Target, layout: &Layout<'_>) -> Result<(), LoadError> {
    let mut connection = BlockingConnection::connect(target, &format!("load-{:x}-w", layout.run), 0)?;
    for topics in layout.topics().chunks(REMOVALS_IN_FLIGHT_MAX) {
        let removals =
            (1..).zip(topics).flat_map(|(id, topic)| build::remove_retained(target.version, id, topic));
        connection.send(&removals.collect::<Vec<_>>())?;
        for _ in topics {
            connection.with_packet(|_| Ok(()))?;
        }
    }
    connection.disconnect()
}

/// Maximum number of unacknowledged messages that remove retained messages. The maximum is below the Receive Maximum of
/// any broker.
const REMOVALS_IN_FLIGHT_MAX: usize = 10;
