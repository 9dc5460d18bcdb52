//! Sessions that waited without a connection come back, one after the other, and take what was kept for them.

use std::time::{Duration, Instant};

use super::account::Account;
use super::field::Field;
use super::report::Collected;
use crate::connection::{Blocking, Target};
use crate::error::LoadError;
use crate::ledger::Faults;
use crate::number::{float, ratio};
use crate::traffic::Book;
use crate::traffic::subscriber::Reading;
use crate::wire::build::{self, Session};
use crate::wire::publish::Delivery;
use crate::wire::scan::Frame;
use crate::wire::{Version, packet_type};

/// Takes everything, and says what is wrong with it. `sent` by publisher.
pub(super) fn collect(
    target: &Target,
    field: &Field<'_>,
    sent: &[u64],
    patience: Duration,
) -> Result<(Collected, Faults), LoadError> {
    let reading = Reading::new(field.run, target.version, field.scenario.payload_len);
    let mut account = field.account();
    let began = Instant::now();
    for session in 0..field.sessions() {
        let publisher = field.topic_of(session) / field.scenario.topics;
        let sent = sent.get(publisher).copied().unwrap_or_default();
        let mut connection = Blocking::connect_to(target, &field.session_id(session), 0, Session::Resumed)?;
        if connection.session_present() {
            connection.set_patience(patience);
            take(&mut connection, &mut account, &reading, session, sent)?;
        }
        connection.disconnect()?;
        field.end(target, session)?;
    }
    let messages = account.delivered();
    let per_second = ratio(float(messages), began.elapsed().as_secs_f64());
    Ok((Collected { messages, per_second }, account.close(sent)))
}

/// Reads until all has come, or nothing for the connection's patience; then until PINGRESP, for what is too much.
fn take(
    connection: &mut Blocking,
    account: &mut Account,
    reading: &Reading,
    session: usize,
    sent: u64,
) -> Result<(), LoadError> {
    let mut answers = Vec::new();
    let mut pinged = false;
    loop {
        if account.has_all(session, sent) && !pinged {
            answers.extend_from_slice(&build::PINGREQ);
            pinged = true;
        }
        if connection.is_drained() || answers.len() > ANSWERS_LEN {
            connection.send(&answers)?;
            answers.clear();
        }
        match connection.with_frame(|frame| enter(&frame, account, reading, session, &mut answers)) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if error.is_timeout() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Enters one packet; true for PINGRESP.
fn enter(
    frame: &Frame<'_>,
    account: &mut Account,
    reading: &Reading,
    session: usize,
    answers: &mut Vec<u8>,
) -> Result<bool, LoadError> {
    match frame.packet_type() {
        packet_type::PINGRESP => return Ok(true),
        packet_type::PUBLISH => enter_message(frame, account, reading, session, answers)?,
        packet_type::PUBREL => {
            answers.extend_from_slice(&build::pubcomp(frame.leading_id().unwrap_or_default()));
        }
        packet_type => return Err(LoadError::Unexpected { expected: "PUBLISH", packet_type }),
    }
    Ok(false)
}

fn enter_message(
    frame: &Frame<'_>,
    account: &mut Account,
    reading: &Reading,
    session: usize,
    answers: &mut Vec<u8>,
) -> Result<(), LoadError> {
    let version: Version = reading.version;
    let delivery = Delivery::parse(frame, version).ok_or(LoadError::Malformed("PUBLISH"))?;
    delivery.answer(answers);
    match reading.stamp(&delivery) {
        Some(stamp) => account.record(session, delivery.topic, &stamp),
        None => account.record_corrupt(),
    }
    Ok(())
}

/// Bytes of acknowledgements that are gathered while there is more to read.
const ANSWERS_LEN: usize = 256;
