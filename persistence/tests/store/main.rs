//! Tests of the store on files in temporary folders: exactly the committed records are read back.

#![allow(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod access;
mod batches;
mod bounds;
mod crash;
mod damage;
mod disk_space;
mod displaced;
mod files;
mod fixtures;
mod growth;
mod harness;
mod leases;
mod memory;
mod model;
mod one_session;
mod random;
mod read_only;
mod records;
mod restore;
mod samples;
mod snapshots;
mod texts;
mod time;
mod watch;
mod writer;
