//! Support code of the interoperability tests: it runs the broker binary as a process and drives MQTT clients against
//! it. Those clients are Tidegate's own client library and counterparts, which are clients of other projects. The tests
//! are in `tests/`, one file per client or subject.

// Test support code panics on errors, because its callers are tests, which fail in that case.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

pub mod broker;
pub mod certificate;
pub mod config;
pub mod counterpart;
pub mod disk_faults;
pub mod launch_options;
pub mod log;
pub mod mosquitto;
pub mod preload;
pub mod process;
pub mod quic;
pub mod scenarios;
pub mod simulated_machine;
pub mod small_disk;
pub mod strace;
pub mod test_client;
pub mod tidegate_client;
pub mod toolbox;
pub mod transport;
