//! The store is on a disk that is full or broken, or its file is invalid. The broker acknowledges nothing that it has not stored,
//! and keeps everything that it has acknowledged. What needs no disk still works. The log names the cause.

#![allow(clippy::expect_used, clippy::panic)]

mod broken_disk;
mod full_then_recovered;
mod harness;
mod no_premature_answers;
mod reconnect_while_full;
mod refusals;
mod retained_replay;
mod size_limit;
mod startup;
