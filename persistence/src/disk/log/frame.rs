//! A frame of the log: one change of one record.

/// The kind of change. The numbers are part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// Deletes a session with all its records; key: the session.
    DeleteSession = 1,
    /// Writes a session; value: its record.
    Session = 2,
    /// Writes a subscription; key: the session, value: its record.
    Subscribe = 3,
    /// Deletes a subscription; key: the session, value: the filter.
    Unsubscribe = 4,
    /// Carries a body for the entries that follow; key: the message id, value: its record.
    Body = 5,
    /// Writes an entry that does not exist yet; key and value as in its table.
    Put = 6,
    /// Writes an entry that replaces an existing one.
    Replace = 7,
    /// Changes the state of an entry; value: the state.
    Advance = 8,
    /// Deletes an entry.
    Delete = 9,
    /// Writes a received packet id; key as in its table.
    Receive = 10,
    /// Deletes a received packet id.
    ReleaseReceived = 11,
    /// Writes a retained message; value: its record.
    Retain = 12,
    /// Deletes a retained message; key: the length of the tenant (4 bytes, little-endian), value: tenant and
    /// topic.
    Unretain = 13,
    /// Writes a new entry together with its body, to which no other entry refers; key as for `Put`, value: see
    /// [`crate::record::EntryWithBody`].
    PutWithBody = 14,
}

impl FrameKind {
    const ALL: [Self; 14] = [
        Self::DeleteSession,
        Self::Session,
        Self::Subscribe,
        Self::Unsubscribe,
        Self::Body,
        Self::Put,
        Self::Replace,
        Self::Advance,
        Self::Delete,
        Self::Receive,
        Self::ReleaseReceived,
        Self::Retain,
        Self::Unretain,
        Self::PutWithBody,
    ];

    #[allow(clippy::as_conversions)]
    const fn byte(self) -> u8 {
        self as u8
    }

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A frame as read from a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogFrame<'a> {
    pub(super) kind: FrameKind,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> LogFrame<'a> {
    /// Takes the first frame of a row; `None` at the end of the row.
    pub(super) fn take(row: &mut &'a [u8]) -> Result<Option<Self>, &'static str> {
        if row.is_empty() {
            return Ok(None);
        }
        let ([kind, key, value @ ..], rest) = row.split_first_chunk::<HEADER_SIZE>().ok_or(TRUNCATED)?;
        let kind = FrameKind::from_byte(*kind).ok_or("an unknown kind of change")?;
        let (key, rest) = rest.split_at_checked(usize::from(*key)).ok_or(TRUNCATED)?;
        let length = usize::try_from(u32::from_le_bytes(*value)).map_err(|_| TRUNCATED)?;
        let (value, rest) = rest.split_at_checked(length).ok_or(TRUNCATED)?;
        *row = rest;
        Ok(Some(Self { kind, key, value }))
    }
}

/// Returns the size in bytes of a frame with a key and a value of these lengths.
pub(super) fn frame_size(key: usize, value: usize) -> usize {
    HEADER_SIZE + key + value
}

/// Appends the header and the key of a frame to a row. The caller must append the value, which has `size` bytes. Fails
/// if the key or the value is too long for the format.
pub(super) fn begin_frame(
    kind: FrameKind,
    key: &[u8],
    size: usize,
    row: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let key_size = u8::try_from(key.len()).map_err(|_| "a key too long for the log")?;
    let size = u32::try_from(size).map_err(|_| "a record too large for the log")?;
    row.extend_from_slice(&[kind.byte(), key_size]);
    row.extend_from_slice(&size.to_le_bytes());
    row.extend_from_slice(key);
    Ok(())
}

const HEADER_SIZE: usize = 6;
const TRUNCATED: &str = "a truncated change";

#[cfg(test)]
mod tests;
