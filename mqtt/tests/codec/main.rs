//! Property tests of the whole codec, with every packet in every version: round trips, truncated packets, packets with
//! one flipped bit, and comparison with an independent codec.
#![allow(clippy::as_conversions, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod mutation;
mod packets;
mod reference;
mod round_trip;
mod truncation;
mod values;

use proptest::test_runner::{Config, RngSeed};

/// By default, every run uses the same cases. If the environment variable `PROPTEST_CASES` sets the number of cases,
/// every run uses new cases.
fn config() -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.rng_seed = RngSeed::Fixed(5);
    }
    config
}
