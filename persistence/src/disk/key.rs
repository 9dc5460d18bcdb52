//! Keys that consist of numbers. The keys are big-endian, so that they sort like the numbers.

use tidegate_mqtt::PacketId;

use crate::operation::EntryKey;
use crate::record::{MessageId, SessionId};

/// Encodes the key of an entry. Its first eight bytes are the session id.
pub(super) fn entry_key(key: EntryKey) -> [u8; 18] {
    let mut bytes = [0; 18];
    let (session, rest) = bytes.split_at_mut(8);
    let (message, ordinal) = rest.split_at_mut(8);
    session.copy_from_slice(&key.session.0.to_be_bytes());
    message.copy_from_slice(&key.message.0.to_be_bytes());
    ordinal.copy_from_slice(&key.ordinal.to_be_bytes());
    bytes
}

/// Decodes the key of an entry.
pub(super) fn read_entry_key(bytes: &[u8]) -> Option<EntryKey> {
    let (session, rest) = bytes.split_at_checked(8)?;
    let (message, rest) = rest.split_at_checked(8)?;
    let ordinal = u16::from_be_bytes(rest.try_into().ok()?);
    Some(EntryKey {
        session: SessionId(read_number(session)?),
        message: MessageId(read_number(message)?),
        ordinal,
    })
}

/// Encodes the key of a received packet id.
pub(super) fn received_key(session: SessionId, packet_id: PacketId) -> [u8; 10] {
    let mut bytes = [0; 10];
    let (first, second) = bytes.split_at_mut(8);
    first.copy_from_slice(&session.0.to_be_bytes());
    second.copy_from_slice(&packet_id.get().to_be_bytes());
    bytes
}

/// Decodes the key of a received packet id.
pub(super) fn read_received_key(bytes: &[u8]) -> Option<(SessionId, PacketId)> {
    let (session, rest) = bytes.split_at_checked(8)?;
    let packet_id = PacketId::new(u16::from_be_bytes(rest.try_into().ok()?))?;
    Some((SessionId(read_number(session)?), packet_id))
}

/// Decodes a session id or message id of eight bytes. `None` if the id is above [`ID_MAX`].
pub(super) fn read_number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?)).filter(|number| *number <= ID_MAX)
}

/// The highest valid id. Stores assign ids in sequence from 1, so they never reach it.
pub(super) const ID_MAX: u64 = u64::MAX >> 1;
