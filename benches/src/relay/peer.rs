//! One connection of the relay: responds to control packets and collects the messages to forward, in batches per topic.

use super::InjectedFaults;
use super::injected_faults::FaultInjector;
use crate::connection::Connection;
use crate::error::LoadError;
use crate::wire::publish::ReceivedPublish;
use crate::wire::scan::{self, RawPacket};
use crate::wire::{Version, build, packet_type};

/// A connection and the packets of its last read.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) connection: Connection,
    state: PeerState,
    /// Packet identifier of the last QoS 2 message that was sent to the peer.
    packet_id: u16,
}

impl std::ops::Deref for Peer {
    type Target = PeerState;
    fn deref(&self) -> &PeerState {
        &self.state
    }
}

impl std::ops::DerefMut for Peer {
    fn deref_mut(&mut self) -> &mut PeerState {
        &mut self.state
    }
}

/// The protocol state of a peer and the messages of its last read.
#[derive(Debug)]
pub(super) struct PeerState {
    version: Version,
    injector: FaultInjector,
    /// Topic filters of new subscriptions.
    pub(super) new_filters: Vec<String>,
    /// The topic of `batch`.
    pub(super) topic: Vec<u8>,
    /// PUBLISH packets to forward, all to `topic`.
    pub(super) batch: Vec<u8>,
    /// Earlier batches of the last read, each with its topic and its packets.
    pub(super) earlier_batches: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Peer {
    pub(super) fn new(connection: Connection, injected_faults: InjectedFaults) -> Self {
        let state = PeerState {
            version: Version::V5,
            injector: FaultInjector::new(injected_faults),
            new_filters: Vec::new(),
            topic: Vec::new(),
            batch: Vec::new(),
            earlier_batches: Vec::new(),
        };
        Self { connection, state, packet_id: 0 }
    }

    /// Appends a batch of messages to the outgoing bytes. QoS 2 messages get new packet identifiers, because two
    /// publishers may use the same identifier. QoS 1 messages keep the identifiers of the publisher, because the
    /// subscriber only repeats them in PUBACK.
    pub(super) fn deliver(&mut self, packets: &[u8]) {
        let outgoing = self.connection.outgoing();
        let mut from = outgoing.len();
        outgoing.extend_from_slice(packets);
        while let Some([first, ..]) = outgoing.get(from..)
            && first & 0b0110 == 0b0100
            && let Ok(Some((packet, _))) = scan::next(outgoing.get(from..).unwrap_or_default())
        {
            let (size, header) = (packet.wire.len(), packet.wire.len() - packet.body.len());
            let topic_len = packet.leading_id().map_or(0, usize::from);
            self.packet_id = self.packet_id % u16::MAX + 1;
            let at = from + header + 2 + topic_len;
            if let Some(id) = outgoing.get_mut(at..at + 2) {
                id.copy_from_slice(&self.packet_id.to_be_bytes());
            }
            from += size;
        }
    }

    /// Reads and handles the packets that have arrived.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<(), LoadError> {
        let state = &mut self.state;
        self.connection.receive(buffer, |packet, outgoing| state.handle_packet(&packet, outgoing))
    }
}

impl PeerState {
    fn handle_packet(&mut self, packet: &RawPacket<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        match packet.packet_type() {
            packet_type::PUBLISH => self.handle_publish(packet, outgoing),
            packet_type::CONNECT => self.handle_connect(packet, outgoing),
            packet_type::SUBSCRIBE => self.handle_subscribe(packet, outgoing),
            packet_type::PUBACK | packet_type::PUBCOMP => Ok(()),
            packet_type::PUBREC | packet_type::PUBREL => self.handle_qos_2_handshake(packet, outgoing),
            packet_type::PINGREQ => {
                outgoing.extend_from_slice(&[packet_type::PINGRESP << 4, 0]);
                Ok(())
            }
            packet_type::DISCONNECT => Err(LoadError::Closed),
            other => Err(LoadError::Unexpected {
                expected: "a packet that the load generator sends",
                packet_type: other,
            }),
        }
    }

    fn handle_connect(&mut self, packet: &RawPacket<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let level = packet.body.get(6).copied().unwrap_or_default();
        self.version = if level == Version::V5.level() { Version::V5 } else { Version::V3_1_1 };
        let body: &[u8] = if self.version.is_v5() { &[0, 0, 0] } else { &[0, 0] };
        outgoing.extend_from_slice(&build::packet_from_parts(packet_type::CONNACK << 4, body));
        Ok(())
    }

    fn handle_publish(&mut self, packet: &RawPacket<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let publish = ReceivedPublish::parse(packet, self.version).ok_or(LoadError::Malformed("PUBLISH"))?;
        publish.acknowledge(outgoing);
        if publish.topic != self.topic {
            let topic = std::mem::replace(&mut self.topic, publish.topic.to_vec());
            if !self.batch.is_empty() {
                self.earlier_batches.push((topic, std::mem::take(&mut self.batch)));
            }
        }
        self.injector.forward(packet.wire, &mut self.batch);
        Ok(())
    }

    /// Continues a QoS 2 handshake. The relay does not check whether the handshake was started.
    fn handle_qos_2_handshake(
        &mut self,
        packet: &RawPacket<'_>,
        outgoing: &mut Vec<u8>,
    ) -> Result<(), LoadError> {
        let id = packet.leading_id().ok_or(LoadError::Malformed("PUBREC or PUBREL"))?;
        if packet.packet_type() == packet_type::PUBREC {
            outgoing.extend_from_slice(&build::pubrel(id));
        } else if self.injector.answers_pubrel() {
            outgoing.extend_from_slice(&build::pubcomp(id));
        }
        Ok(())
    }

    fn handle_subscribe(&mut self, packet: &RawPacket<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let incomplete = || LoadError::Malformed("SUBSCRIBE");
        let (id, rest) = packet.body.split_first_chunk::<2>().ok_or_else(incomplete)?;
        let mut rest =
            if self.version.is_v5() { scan::skip_properties(rest).ok_or_else(incomplete)? } else { rest };
        let mut body = id.to_vec();
        body.extend(self.version.is_v5().then_some(0));
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let (filter, after) = after.split_at_checked(length).ok_or_else(incomplete)?;
            let [options, after @ ..] = after else { return Err(incomplete()) };
            self.new_filters.push(String::from_utf8_lossy(filter).into_owned());
            body.push(options & 0b11);
            rest = after;
        }
        outgoing.extend_from_slice(&build::packet_from_parts(packet_type::SUBACK << 4, &body));
        Ok(())
    }
}
