//! What the tests with real clients share: the broker as a process, its certificate, counterpart programs.
//! The tests themselves are in `tests/`, one counterpart or scenario a file.

// A harness has nobody to return an error to: what goes wrong is a failed test, told on the spot.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

pub mod broker;
pub mod certificate;
pub mod config;
pub mod counterpart;
pub mod disk_faults;
pub mod launch_options;
pub mod log;
pub mod mosquitto;
pub mod process;
pub mod scenarios;
pub mod strace;
pub mod test_client;
pub mod tidegate_client;
pub mod toolbox;
pub mod transport;
