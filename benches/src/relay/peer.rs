//! One connection of the relay: answers control packets and gathers runs of messages to one topic.

use super::Lies;
use super::lies::Liar;
use crate::connection::Connection;
use crate::error::LoadError;
use crate::wire::publish::Delivery;
use crate::wire::scan::{self, Frame};
use crate::wire::{Version, build, packet_type};

/// A connection and what its last read brought.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) connection: Connection,
    inbox: Inbox,
    /// The last packet id towards the peer at QoS 2.
    packet_id: u16,
}

impl std::ops::Deref for Peer {
    type Target = Inbox;
    fn deref(&self) -> &Inbox {
        &self.inbox
    }
}

impl std::ops::DerefMut for Peer {
    fn deref_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }
}

/// What one read brought.
#[derive(Debug)]
pub(super) struct Inbox {
    version: Version,
    liar: Liar,
    /// Filters that were subscribed to.
    pub(super) subscribed: Vec<String>,
    /// The topic of `run`.
    pub(super) topic: Vec<u8>,
    /// Frames to be forwarded under `topic`.
    pub(super) run: Vec<u8>,
    /// Runs of other topics that came before.
    pub(super) earlier: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Peer {
    pub(super) fn new(connection: Connection, lies: Lies) -> Self {
        let inbox = Inbox {
            version: Version::V5,
            liar: Liar::new(lies),
            subscribed: Vec::new(),
            topic: Vec::new(),
            run: Vec::new(),
            earlier: Vec::new(),
        };
        Self { connection, inbox, packet_id: 0 }
    }

    /// Appends a run of messages. At QoS 2 they get packet ids of their own, since those of two publishers may be alike;
    /// otherwise nothing but the acknowledgement comes of it, and they keep what they have.
    pub(super) fn deliver(&mut self, frames: &[u8]) {
        let outgoing = self.connection.outgoing();
        let mut from = outgoing.len();
        outgoing.extend_from_slice(frames);
        while let Some([first, ..]) = outgoing.get(from..)
            && first & 0b0110 == 0b0100
            && let Ok(Some((frame, _))) = scan::next(outgoing.get(from..).unwrap_or_default())
        {
            let (size, header) = (frame.wire.len(), frame.wire.len() - frame.body.len());
            let topic_len = frame.leading_id().map_or(0, usize::from);
            self.packet_id = self.packet_id % u16::MAX + 1;
            let at = from + header + 2 + topic_len;
            if let Some(id) = outgoing.get_mut(at..at + 2) {
                id.copy_from_slice(&self.packet_id.to_be_bytes());
            }
            from += size;
        }
    }

    /// Reads and answers.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<(), LoadError> {
        let inbox = &mut self.inbox;
        self.connection.receive(buffer, |frame, outgoing| inbox.handle(&frame, outgoing))
    }
}

impl Inbox {
    fn handle(&mut self, frame: &Frame<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        match frame.packet_type() {
            packet_type::PUBLISH => self.handle_publish(frame, outgoing),
            packet_type::CONNECT => self.handle_connect(frame, outgoing),
            packet_type::SUBSCRIBE => self.handle_subscribe(frame, outgoing),
            packet_type::PUBACK | packet_type::PUBCOMP => Ok(()),
            packet_type::PUBREC | packet_type::PUBREL => self.handle_handshake(frame, outgoing),
            packet_type::PINGREQ => {
                outgoing.extend_from_slice(&[packet_type::PINGRESP << 4, 0]);
                Ok(())
            }
            packet_type::DISCONNECT => Err(LoadError::Closed),
            other => Err(LoadError::Unexpected { expected: "a packet of the load tool", packet_type: other }),
        }
    }

    fn handle_connect(&mut self, frame: &Frame<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let level = frame.body.get(6).copied().unwrap_or_default();
        self.version = if level == Version::V5.level() { Version::V5 } else { Version::V3_1_1 };
        let body: &[u8] = if self.version.is_v5() { &[0, 0, 0] } else { &[0, 0] };
        outgoing.extend_from_slice(&build::frame(packet_type::CONNACK << 4, body));
        Ok(())
    }

    fn handle_publish(&mut self, frame: &Frame<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let delivery = Delivery::parse(frame, self.version).ok_or(LoadError::Malformed("PUBLISH"))?;
        delivery.answer(outgoing);
        if delivery.topic != self.topic {
            let topic = std::mem::replace(&mut self.topic, delivery.topic.to_vec());
            if !self.run.is_empty() {
                self.earlier.push((topic, std::mem::take(&mut self.run)));
            }
        }
        self.liar.forward(frame.wire, &mut self.run);
        Ok(())
    }

    /// QoS 2 goes on, whether or not it began.
    fn handle_handshake(&mut self, frame: &Frame<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let id = frame.leading_id().ok_or(LoadError::Malformed("PUBREC or PUBREL"))?;
        if frame.packet_type() == packet_type::PUBREC {
            outgoing.extend_from_slice(&build::pubrel(id));
        } else if self.liar.release() {
            outgoing.extend_from_slice(&build::pubcomp(id));
        }
        Ok(())
    }

    fn handle_subscribe(&mut self, frame: &Frame<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let torn = || LoadError::Malformed("SUBSCRIBE");
        let (id, rest) = frame.body.split_first_chunk::<2>().ok_or_else(torn)?;
        let mut rest =
            if self.version.is_v5() { scan::skip_properties(rest).ok_or_else(torn)? } else { rest };
        let mut body = id.to_vec();
        body.extend(self.version.is_v5().then_some(0));
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let (filter, after) = after.split_at_checked(length).ok_or_else(torn)?;
            let [options, after @ ..] = after else { return Err(torn()) };
            self.subscribed.push(String::from_utf8_lossy(filter).into_owned());
            body.push(options & 0b11);
            rest = after;
        }
        outgoing.extend_from_slice(&build::frame(packet_type::SUBACK << 4, &body));
        Ok(())
    }
}
