//! The first bytes of each payload, which identify the message: its publisher, its sequence number, the time at which
//! it was due, and a checksum.

/// Length of an encoded stamp in bytes.
pub const STAMP_LEN: usize = 32;

/// Identifies a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Run id, which distinguishes the messages of this run from those of other runs.
    pub run: u32,
    /// Index of the publisher within the run.
    pub publisher: u32,
    /// Sequence number, starting at 0 for each publisher.
    pub sequence: u64,
    /// Time at which the message was due to be sent, in nanoseconds since the start of the run.
    pub due: u64,
}

impl Stamp {
    /// Returns the bytes of the stamp in a payload.
    pub fn encode(&self) -> [u8; STAMP_LEN] {
        let words = [self.origin(), self.sequence, self.due, self.checksum()];
        let mut out = [0; STAMP_LEN];
        for (chunk, word) in out.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// Returns the stamp in `bytes`, or `None` if its checksum is wrong.
    pub fn decode(bytes: &[u8; STAMP_LEN]) -> Option<Self> {
        let mut words = bytes.chunks_exact(8).filter_map(|chunk| chunk.first_chunk::<8>());
        let mut word = || words.next().copied().map_or(0, u64::from_le_bytes);
        let origin = word();
        let stamp = Self {
            run: u32::try_from(origin >> 32).unwrap_or(0),
            publisher: u32::try_from(origin & 0xffff_ffff).unwrap_or(0),
            sequence: word(),
            due: word(),
        };
        (word() == stamp.checksum()).then_some(stamp)
    }

    fn origin(&self) -> u64 {
        (u64::from(self.run) << 32) | u64::from(self.publisher)
    }

    /// Returns a checksum that detects truncated, shifted and mixed-up payloads. The checksum is not cryptographic.
    fn checksum(&self) -> u64 {
        let mut state = self.origin() ^ 0x9e37_79b9_7f4a_7c15;
        for word in [self.sequence, self.due] {
            state = (state ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state ^= state >> 29;
        }
        state
    }
}

#[cfg(test)]
mod tests;
