//! One frame: which kind of change, of which record.

/// What a frame changes. The numbers are part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A session and all that is its own goes; key: the session.
    Wipe = 1,
    /// A session; value: its record.
    Session = 2,
    /// A subscription; key: the session, value: its record.
    Subscribe = 3,
    /// The same, gone; value: the filter.
    Unsubscribe = 4,
    /// A body; key: its number, value: its record.
    Body = 5,
    /// An entry that was not there; key and value as in its table.
    Put = 6,
    /// An entry in place of the one there.
    Replace = 7,
    /// An entry goes on; value: its state.
    Advance = 8,
    /// An entry goes.
    Delete = 9,
    /// A received packet id; key as in its table.
    Receive = 10,
    /// The same, gone.
    ReleaseReceived = 11,
    /// A retained message; value: its record.
    Retain = 12,
    /// The same, gone; key: the length of the tenant (4 bytes, little-endian), value: tenant and topic.
    Unretain = 13,
    /// A body and the one entry that came with it, which was not there; key as for `Put`, value: both, without an archive.
    PutWithBody = 14,
}

impl FrameKind {
    const ALL: [Self; 14] = [
        Self::Wipe,
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

/// A frame as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogFrame<'a> {
    pub(super) kind: FrameKind,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> LogFrame<'a> {
    /// Takes the first frame of a row; `None` at its end.
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

/// Bytes that a frame with such a key and value takes.
pub(super) fn frame_size(key: usize, value: usize) -> usize {
    HEADER_SIZE + key + value
}

/// Adds a frame to a row, up to its value, of which `size` bytes follow. A key or value that is too long for the format is an
/// error.
pub(super) fn begin(kind: FrameKind, key: &[u8], size: usize, row: &mut Vec<u8>) -> Result<(), &'static str> {
    let key_size = u8::try_from(key.len()).map_err(|_| "a key too long for the log")?;
    let size = u32::try_from(size).map_err(|_| "a record too large for the log")?;
    row.extend_from_slice(&[kind.byte(), key_size]);
    row.extend_from_slice(&size.to_le_bytes());
    row.extend_from_slice(key);
    Ok(())
}

const HEADER_SIZE: usize = 6;
const TRUNCATED: &str = "a change that is cut off";

#[cfg(test)]
mod tests;
