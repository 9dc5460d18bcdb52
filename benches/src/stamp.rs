//! The first bytes of each payload: who sent it, the how-manieth it is, when it was due, and a check word.

/// Length of an encoded stamp.
pub const STAMP_LEN: usize = 32;

/// What a payload says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Tells this run's messages from those of another.
    pub run: u32,
    /// Which publisher of the run sent it.
    pub publisher: u32,
    /// Counted from 0 at each publisher.
    pub sequence: u64,
    /// When it was due to be sent: nanoseconds since the run began.
    pub due: u64,
}

impl Stamp {
    /// The wire form.
    pub fn encode(&self) -> [u8; STAMP_LEN] {
        let words = [self.origin(), self.sequence, self.due, self.check()];
        let mut out = [0; STAMP_LEN];
        for (chunk, word) in out.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        out
    }

    /// The stamp in `bytes`, if its check word fits.
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
        (word() == stamp.check()).then_some(stamp)
    }

    fn origin(&self) -> u64 {
        (u64::from(self.run) << 32) | u64::from(self.publisher)
    }

    /// Not cryptographic: it notices torn, shifted and mixed-up payloads.
    fn check(&self) -> u64 {
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
