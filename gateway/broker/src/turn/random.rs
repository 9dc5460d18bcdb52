//! Pseudo-random numbers for choices that need no secrecy, such as the member of a shared subscription.

/// An xorshift sequence.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Creates the sequence that `seed` determines.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // With the seed 0, the sequence would consist of zeros.
        Self(if seed == 0 { 1 } else { seed })
    }

    /// Returns the next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
