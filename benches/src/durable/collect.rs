//! Reconnects the offline sessions one after the other and receives their queued messages.

use std::time::{Duration, Instant};

use super::checker::SessionChecker;
use super::layout::Layout;
use super::report::Collected;
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::faults::Faults;
use crate::number::{float, ratio};
use crate::traffic::DeliveryChecker;
use crate::traffic::subscriber::RunContext;
use crate::wire::build::{self, Session};
use crate::wire::publish::ReceivedPublish;
use crate::wire::scan::RawPacket;
use crate::wire::{Version, packet_type};

/// Receives all queued messages and checks them. `sent` contains the number of sent messages of each publisher.
pub(super) fn collect(
    target: &Target,
    layout: &Layout<'_>,
    sent: &[u64],
    delivery_timeout: Duration,
) -> Result<(Collected, Faults), LoadError> {
    let context = RunContext::new(layout.run, target.version, layout.scenario.payload_len);
    let mut checker = layout.new_checker();
    let began = Instant::now();
    for session in 0..layout.session_count() {
        let publisher = layout.topic_of_session(session) / layout.scenario.topics;
        let sent = sent.get(publisher).copied().unwrap_or_default();
        let mut connection =
            BlockingConnection::connect_to(target, &layout.session_id(session), 0, Session::Resumed)?;
        if connection.session_present() {
            connection.set_timeout(delivery_timeout);
            receive_queued(&mut connection, &mut checker, &context, session, sent)?;
        }
        connection.disconnect()?;
        layout.end_session(target, session)?;
    }
    let messages = checker.delivered();
    let per_second = ratio(float(messages), began.elapsed().as_secs_f64());
    Ok((Collected { messages, per_second }, checker.final_faults(sent)))
}

/// Reads until all messages have arrived or nothing arrives within the timeout. Afterwards, this function reads until
/// PINGRESP, to detect surplus messages.
fn receive_queued(
    connection: &mut BlockingConnection,
    checker: &mut SessionChecker,
    context: &RunContext,
    session: usize,
    sent: u64,
) -> Result<(), LoadError> {
    let mut outgoing = Vec::new();
    let mut pinged = false;
    loop {
        if checker.has_all_messages(session, sent) && !pinged {
            outgoing.extend_from_slice(&build::PINGREQ);
            pinged = true;
        }
        if connection.is_drained() || outgoing.len() > OUTGOING_LEN_MAX {
            connection.send(&outgoing)?;
            outgoing.clear();
        }
        match connection
            .with_packet(|packet| handle_packet(&packet, checker, context, session, &mut outgoing))
        {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if error.is_timeout() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Handles one packet. Returns true for PINGRESP.
fn handle_packet(
    packet: &RawPacket<'_>,
    checker: &mut SessionChecker,
    context: &RunContext,
    session: usize,
    outgoing: &mut Vec<u8>,
) -> Result<bool, LoadError> {
    match packet.packet_type() {
        packet_type::PINGRESP => return Ok(true),
        packet_type::PUBLISH => handle_message(packet, checker, context, session, outgoing)?,
        packet_type::PUBREL => {
            outgoing.extend_from_slice(&build::pubcomp(packet.leading_id().unwrap_or_default()));
        }
        packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
    }
    Ok(false)
}

fn handle_message(
    packet: &RawPacket<'_>,
    checker: &mut SessionChecker,
    context: &RunContext,
    session: usize,
    outgoing: &mut Vec<u8>,
) -> Result<(), LoadError> {
    let version: Version = context.version;
    let publish = ReceivedPublish::parse(packet, version).ok_or(LoadError::Malformed("PUBLISH"))?;
    publish.acknowledge(outgoing);
    match context.stamp(&publish) {
        Some(stamp) => checker.record(session, publish.topic, &stamp),
        None => checker.record_corrupt(),
    }
    Ok(())
}

/// Number of bytes of acknowledgements above which they are sent even if more packets can be read first.
const OUTGOING_LEN_MAX: usize = 256;
