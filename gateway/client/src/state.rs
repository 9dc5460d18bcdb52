//! The session state that a client keeps from one connection to the next. Does no IO.

use std::collections::{BTreeSet, VecDeque};

use tidegate_mqtt::{Ack, AckKind, PacketId, Publish, QoS, ReasonCode};

#[cfg(test)]
mod tests;

/// The client's session state: published messages not fully acknowledged, and received QoS 2 messages not released.
#[derive(Clone, Debug)]
pub struct State {
    last_id: PacketId,
    /// The published messages that are not fully acknowledged, oldest first.
    sent: VecDeque<Sent>,
    /// The packet identifiers of the received QoS 2 messages for which PUBREL has not arrived.
    received: BTreeSet<PacketId>,
}

#[derive(Clone, Debug)]
struct Sent {
    packet_id: PacketId,
    awaiting: Awaiting,
    /// Whether the packet was sent on the current connection.
    sent_on_this_connection: bool,
}

/// The acknowledgement that a message waits for. The message is kept while it may have to be retransmitted.
#[derive(Clone, Debug)]
enum Awaiting {
    /// PUBACK, for a QoS 1 message.
    Acknowledgement(Publish),
    /// PUBREC, for a QoS 2 message.
    Received(Publish),
    /// PUBCOMP, for a QoS 2 message whose PUBLISH never has to be retransmitted.
    Complete,
}

/// The effect of an acknowledgement from the server.
#[derive(Debug, PartialEq, Eq)]
pub enum AckOutcome {
    /// The message is fully acknowledged.
    Done,
    /// PUBREL must be sent.
    Release,
    /// The acknowledgement fits no message that the client sent.
    Unknown,
}

/// A packet to be retransmitted.
#[derive(Debug)]
pub enum Retransmission {
    /// A PUBLISH, with DUP.
    Publish(Box<Publish>),
    /// A PUBREL.
    Release(PacketId),
}

impl Default for State {
    fn default() -> Self {
        Self { last_id: PacketId::MAX, sent: VecDeque::new(), received: BTreeSet::new() }
    }
}

impl State {
    /// Whether every published message is fully acknowledged, and every received QoS 2 message is released.
    #[must_use]
    pub fn has_no_open_exchange(&self) -> bool {
        self.sent.is_empty() && self.received.is_empty()
    }

    /// Returns the packet identifiers of published messages that are not fully acknowledged, oldest first.
    pub fn open(&self) -> impl Iterator<Item = PacketId> {
        self.sent.iter().map(|sent| sent.packet_id)
    }

    /// Returns the packet identifiers of received QoS 2 messages for which PUBREL has not arrived.
    pub fn unreleased(&self) -> impl Iterator<Item = PacketId> {
        self.received.iter().copied()
    }

    /// Records a QoS 1 or 2 message that is being sent with the identifier from [`State::next_id`].
    pub(super) fn record_sent(&mut self, packet_id: PacketId, mut message: Publish) {
        // An alias belongs to the connection, not to the session `[MQTT5-3.3.2-7]`.
        message.properties.alias = None;
        let awaiting = match message.qos {
            QoS::ExactlyOnce => Awaiting::Received(message),
            _ => Awaiting::Acknowledgement(message),
        };
        self.sent.push_back(Sent { packet_id, awaiting, sent_on_this_connection: true });
    }

    /// Returns a packet identifier that no unacknowledged message uses; `None` if all are in use.
    pub(super) fn next_id(&mut self) -> Option<PacketId> {
        let mut candidate = self.last_id;
        for _ in 0..u16::MAX {
            candidate = candidate.next();
            if self.position(candidate).is_none() {
                self.last_id = candidate;
                return Some(candidate);
            }
        }
        None
    }

    /// Handles PUBACK, PUBREC or PUBCOMP. A PUBREC with an error completes the message `[MQTT5-4.3.3-4]`.
    pub(super) fn acknowledge(&mut self, ack: &Ack) -> AckOutcome {
        let Some(position) = self.position(ack.packet_id) else { return AckOutcome::Unknown };
        let Some(sent) = self.sent.get_mut(position) else { return AckOutcome::Unknown };
        match (&sent.awaiting, ack.kind) {
            (Awaiting::Acknowledgement(_), AckKind::PubAck) | (Awaiting::Complete, AckKind::PubComp) => {}
            (Awaiting::Received(_) | Awaiting::Complete, AckKind::PubRec) if !ack.reason.is_error() => {
                sent.awaiting = Awaiting::Complete;
                return AckOutcome::Release;
            }
            (Awaiting::Received(_), AckKind::PubRec) => {}
            _ => return AckOutcome::Unknown,
        }
        self.sent.remove(position);
        AckOutcome::Done
    }

    /// Records that the caller has taken a QoS 2 message.
    pub(super) fn record_received(&mut self, packet_id: PacketId) {
        self.received.insert(packet_id);
    }

    /// Whether the caller has already taken this QoS 2 message, and PUBREL has not arrived.
    pub(super) fn has_received(&self, packet_id: PacketId) -> bool {
        self.received.contains(&packet_id)
    }

    /// Handles PUBREL, and returns the reason code for PUBCOMP.
    pub(super) fn receive_release(&mut self, packet_id: PacketId) -> ReasonCode {
        if self.received.remove(&packet_id) {
            ReasonCode::Success
        } else {
            ReasonCode::PacketIdentifierNotFound
        }
    }

    /// Starts a new connection. Clears the state if the server has no session.
    pub(super) fn resume(&mut self, session_present: bool) {
        if !session_present {
            self.sent.clear();
            self.received.clear();
        }
        self.sent.iter_mut().for_each(|sent| sent.sent_on_this_connection = false);
    }

    /// Returns the next packet to be retransmitted on this connection `[MQTT5-4.4.0-1]`, oldest first
    /// `[MQTT5-4.6.0-1]`.
    pub(super) fn next_retransmission(&mut self) -> Option<Retransmission> {
        let sent = self.sent.iter_mut().find(|sent| !sent.sent_on_this_connection)?;
        sent.sent_on_this_connection = true;
        Some(match &mut sent.awaiting {
            Awaiting::Acknowledgement(message) | Awaiting::Received(message) => {
                message.dup = true;
                Retransmission::Publish(Box::new(message.clone()))
            }
            Awaiting::Complete => Retransmission::Release(sent.packet_id),
        })
    }

    /// Returns the position of a message in `sent`. The identifiers in `sent` are sorted by their distance from the
    /// oldest, with gaps, so the position is never greater than the distance.
    fn position(&self, packet_id: PacketId) -> Option<usize> {
        let oldest = self.sent.front()?.packet_id;
        let wanted = distance(oldest, packet_id);
        let newer = self.sent.iter().enumerate().take(wanted + 1).rev();
        let (position, found) =
            newer.map(|(at, sent)| (at, distance(oldest, sent.packet_id))).find(|(_, at)| *at <= wanted)?;
        (found == wanted).then_some(position)
    }
}

/// Returns the number of steps from one identifier to another, counting upwards and wrapping around.
fn distance(from: PacketId, to: PacketId) -> usize {
    let (from, to) = (u32::from(from.get()), u32::from(to.get()));
    let modulus = u32::from(u16::MAX);
    usize::try_from((to + modulus - from) % modulus).unwrap_or(usize::MAX)
}
