//! Seeded random steps of the clock.

use super::DAY;

/// A pseudo-random number generator (xorshift64*) and its state.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn random_bool(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    /// Returns a random error of the wall clock in seconds: up to five years ahead or behind.
    pub fn clock_error(&mut self) -> i64 {
        let most = u64::from(5 * 365 * DAY);
        i64::try_from(self.next() % (2 * most)).expect("ten years") - i64::try_from(most).expect("five years")
    }

    /// Draws a new error of the wall clock, and returns the number of seconds by which to set the clock so that it has
    /// this error.
    pub fn step(&mut self, error: &mut i64) -> i64 {
        let next = self.clock_error();
        next - std::mem::replace(error, next)
    }
}
