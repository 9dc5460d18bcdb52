//! Decodes what a session sends on one connection, as soon as the bytes are in the write buffer.

use std::collections::BTreeMap;

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Packet, ProtocolVersion, Publish};
use tidegate_session::{Batch, Negotiated, Session};

/// Decoder for the write buffer of one connection.
pub(super) struct Wire {
    version: ProtocolVersion,
    packet_size_max: u32,
    alias_maximum: u16,
    aliases: BTreeMap<u16, String>,
    /// Number of bytes of the write buffer that are already decoded.
    decoded_len: usize,
    /// Bytes that a writer has taken from the write buffer.
    taken: Option<Batch>,
}

impl Wire {
    pub(super) fn new(negotiated: &Negotiated) -> Self {
        Self {
            version: negotiated.version,
            packet_size_max: negotiated.packet_size_max,
            alias_maximum: negotiated.topic_alias_maximum,
            aliases: BTreeMap::new(),
            decoded_len: 0,
            taken: None,
        }
    }

    /// Returns the packets written since the last call, with their sizes. Topic aliases are resolved.
    pub(super) fn read(&mut self, session: &mut Session) -> Vec<(Packet, usize)> {
        let bytes = peek(session);
        let mut rest = &bytes[self.decoded_len..];
        self.decoded_len = bytes.len();
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let next = frame::next(rest, self.version, PACKET_SIZE_MAX).expect("a valid frame");
            let Next::Frame(frame) = next else { panic!("an incomplete packet was written") };
            let size = frame.wire.len();
            assert!(size as u32 <= self.packet_size_max, "{size} bytes, more than the client accepts");
            let mut packet = Packet::decode(&frame, self.version).expect("a valid packet");
            if let Packet::Publish(publish) = &mut packet {
                self.resolve_alias(publish);
            }
            packets.push((packet, size));
            rest = &rest[size..];
        }
        packets
    }

    /// Lets a writer take all bytes, which are already decoded.
    pub(super) fn take(&mut self, session: &mut Session) {
        if self.taken.is_none() {
            self.taken = Some(session.write_buffer().take(vec![1, 2, 3]));
            self.decoded_len = 0;
        }
    }

    /// Lets the writer put back the bytes that it has not written.
    pub(super) fn put_back(&mut self, session: &mut Session, written: usize) {
        let Some(mut batch) = self.taken.take() else { return };
        let left = batch.len().saturating_sub(written);
        batch.advance(written);
        assert_eq!(batch.len(), left, "the length of the rest of a batch");
        session.write_buffer().put_back(batch).expect("enough memory");
        self.decoded_len += left;
        assert_eq!(
            session.write_buffer().len(),
            self.decoded_len,
            "bytes are lost between writer and session"
        );
    }

    /// Lets the writer put back bytes after the connection has ended. The session must ignore these bytes.
    pub(super) fn put_back_late(&mut self, session: &mut Session) {
        let before = session.write_buffer().len();
        if let Some(batch) = self.taken.take() {
            session.write_buffer().put_back(batch).expect("enough memory");
        }
        assert_eq!(
            session.write_buffer().len(),
            before,
            "bytes of a connection that has ended are in the write buffer"
        );
    }

    fn resolve_alias(&mut self, publish: &mut Publish) {
        let Some(alias) = publish.properties.alias else { return };
        assert!(
            (1..=self.alias_maximum).contains(&alias),
            "topic alias {alias}, and the client's maximum is {}",
            self.alias_maximum
        );
        if publish.topic.is_empty() {
            publish.topic = self.aliases.get(&alias).expect("the alias was set before").clone();
        } else {
            self.aliases.insert(alias, publish.topic.clone());
        }
    }
}

/// Returns a copy of all bytes of the write buffer.
fn peek(session: &mut Session) -> Vec<u8> {
    let batch = session.write_buffer().take(Vec::new());
    let mut bytes = Vec::new();
    batch.copy_to(&mut bytes);
    let mut slices = smallvec::SmallVec::new();
    batch.slices(&mut slices);
    let sliced: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
    assert!(bytes.starts_with(&sliced) && (sliced.len() == bytes.len() || slices.len() > 200));
    assert_eq!(batch.len(), bytes.len());
    drop(slices);
    session.write_buffer().put_back(batch).expect("enough memory");
    assert_eq!(session.write_buffer().len(), bytes.len());
    bytes
}
