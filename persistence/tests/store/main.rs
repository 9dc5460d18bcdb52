//! The store on real files in temporary folders: what is committed is there again, and nothing else.

#![allow(clippy::as_conversions, clippy::indexing_slicing)]

mod batches;
mod bounds;
mod crash;
mod files;
mod growth;
mod model;
mod random;
mod records;
mod samples;
mod snapshots;
mod texts;
mod watch;
mod world;
