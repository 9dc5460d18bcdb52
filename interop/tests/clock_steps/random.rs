//! Seeded random steps of the clock.

use super::DAY;

/// xorshift64*.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    /// An error of the clock in seconds: up to five years forwards or back.
    pub fn error(&mut self) -> i64 {
        let most = u64::from(5 * 365 * DAY);
        i64::try_from(self.next() % (2 * most)).expect("ten years") - i64::try_from(most).expect("five years")
    }

    /// Seconds by which the clock is set from the current error to another one.
    pub fn step(&mut self, error: &mut i64) -> i64 {
        let next = self.error();
        next - std::mem::replace(error, next)
    }
}
