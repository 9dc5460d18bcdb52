//! A message body together with its only entry, in a fixed layout: the most frequent change in the log. Numbers
//! are little-endian.
//!
//! ```text
//!  entry    QoS, RETAIN (1 byte each), state (11)
//!  message  QoS, RETAIN (1 byte each), publisher (8), whether it expires (1), when (8),
//!           length of the topic (2), of the properties (4); topic, properties, payload
//! ```

use super::archive;
use super::entry::{EntryRecord, EntryState, STATE_BYTES};
use super::message::{MessageRecord, StoredMessage};

/// An entry that this layout can represent, together with its body.
pub(crate) struct EntryWithBody<'a> {
    entry: &'a EntryRecord,
    message: MessageRecord<'a>,
    topic_size: u16,
    properties_size: u32,
}

impl<'a> EntryWithBody<'a> {
    /// Creates the value; `None` if the layout cannot represent the entry or the body.
    pub(crate) fn try_new(entry: &'a EntryRecord, body: &'a StoredMessage) -> Option<Self> {
        if !entry.subscription_identifiers.is_empty() || entry.shared_filter.is_some() {
            return None;
        }
        let message = body.record();
        let topic_size = u16::try_from(message.topic.len()).ok()?;
        let properties_size = u32::try_from(message.properties.len()).ok()?;
        Some(Self { entry, message, topic_size, properties_size })
    }

    /// Returns the size of the encoding in bytes.
    pub(crate) fn size(&self) -> usize {
        let MessageRecord { topic, properties, payload, .. } = self.message;
        HEADER_SIZE + topic.len() + properties.len() + payload.len()
    }

    /// Appends the encoding to a row.
    pub(crate) fn append_to(&self, row: &mut Vec<u8>) {
        let Self { entry, message, topic_size, properties_size } = self;
        let mut header = [0; HEADER_SIZE];
        let mut fields = HeaderWriter(&mut header);
        fields.write([entry.qos.value(), entry.retain.into()]);
        fields.write(entry.state.to_bytes());
        fields.write([message.qos.value(), message.retain.into()]);
        fields.write(message.publisher.to_le_bytes());
        fields.write([message.expires_at.is_some().into()]);
        fields.write(message.expires_at.unwrap_or(0).to_le_bytes());
        fields.write(topic_size.to_le_bytes());
        fields.write(properties_size.to_le_bytes());
        row.extend_from_slice(&header);
        row.extend_from_slice(message.topic.as_bytes());
        row.extend_from_slice(message.properties);
        row.extend_from_slice(message.payload);
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<(EntryRecord, StoredMessage), &'static str> {
        let (header, rest) = bytes.split_first_chunk::<HEADER_SIZE>().ok_or(TRUNCATED)?;
        let mut header = HeaderReader(header.as_slice());
        let record = read_entry(&mut header)?;
        Ok((record, StoredMessage::from_record(&read_message(&mut header, rest)?)?))
    }
}

fn read_entry(header: &mut HeaderReader<'_>) -> Result<EntryRecord, &'static str> {
    let [qos, retain] = header.take();
    let mut record = EntryRecord::queued(archive::parse_qos(qos)?);
    record.retain = parse_flag(retain)?;
    record.state = EntryState::from_bytes(&header.take::<STATE_BYTES>())?;
    record.checked()
}

/// Decodes a message. `rest` contains the topic, the properties and the payload.
fn read_message<'a>(
    header: &mut HeaderReader<'_>,
    rest: &'a [u8],
) -> Result<MessageRecord<'a>, &'static str> {
    let [qos, retain] = header.take();
    let publisher = u64::from_le_bytes(header.take());
    let [expires] = header.take();
    let expires_at = u64::from_le_bytes(header.take());
    let topic_size = usize::from(u16::from_le_bytes(header.take()));
    let properties_size = usize::try_from(u32::from_le_bytes(header.take())).unwrap_or(usize::MAX);
    let (topic, rest) = rest.split_at_checked(topic_size).ok_or(TRUNCATED)?;
    let (properties, payload) = rest.split_at_checked(properties_size).ok_or(TRUNCATED)?;
    Ok(MessageRecord {
        topic: str::from_utf8(topic).map_err(|_| "a topic that is not UTF-8")?,
        properties: archive::check_properties(properties)?,
        payload,
        qos: archive::parse_qos(qos)?,
        retain: parse_flag(retain)?,
        publisher,
        expires_at: parse_flag(expires)?.then_some(expires_at),
    })
}

/// The unwritten rest of the header.
struct HeaderWriter<'a>(&'a mut [u8]);

impl HeaderWriter<'_> {
    fn write<const SIZE: usize>(&mut self, bytes: [u8; SIZE]) {
        let header = core::mem::take(&mut self.0);
        let Some((field, rest)) = header.split_first_chunk_mut() else {
            unreachable!("the fields fill the header exactly")
        };
        *field = bytes;
        self.0 = rest;
    }
}

/// The unread rest of the header.
struct HeaderReader<'a>(&'a [u8]);

impl HeaderReader<'_> {
    fn take<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        let Some((field, rest)) = self.0.split_first_chunk() else {
            unreachable!("the fields fill the header exactly")
        };
        self.0 = rest;
        *field
    }
}

fn parse_flag(byte: u8) -> Result<bool, &'static str> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err("a flag that is neither 0 nor 1"),
    }
}

const HEADER_SIZE: usize = 2 + STATE_BYTES + 2 + 8 + 1 + 8 + 2 + 4;
const TRUNCATED: &str = "a truncated entry with body";

#[cfg(test)]
mod tests;
