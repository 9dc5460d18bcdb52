//! Pseudo-random numbers.

/// A source of pseudo-random numbers (splitmix64). The same seed gives the same numbers.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to `end` - 1. `end` must be above 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).expect("a number")).expect("a number")
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// Returns a number to replace `was`, chosen to reveal missing checks: an extreme value, one close to `was`, a
    /// power of two, or a small random number.
    pub fn number(&mut self, was: u64) -> u64 {
        match self.below(6) {
            0 => 0,
            1 => u64::MAX,
            2 => was.wrapping_add(1 + self.next() % 3),
            3 => was.wrapping_sub(1 + self.next() % 3),
            4 => 1 << self.below(64),
            _ => self.next() % 2000,
        }
    }
}
