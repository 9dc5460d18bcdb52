//! Random steps of the wall clock.

use fastrand::Rng;

use super::DAY;

/// Returns a random error of the wall clock in seconds: up to five years ahead or behind.
pub fn clock_error(random: &mut Rng) -> i64 {
    let most = i64::from(5 * 365 * DAY);
    random.i64(-most..most)
}

/// Draws a new error of the wall clock, and returns the number of seconds by which to set the clock so that it has this
/// error.
pub fn clock_step(random: &mut Rng, error: &mut i64) -> i64 {
    let next = clock_error(random);
    next - std::mem::replace(error, next)
}
