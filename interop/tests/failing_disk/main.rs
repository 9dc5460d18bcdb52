//! Tests with a store on a disk that is full or broken, or with an invalid data file. The broker acknowledges only
//! messages that it has stored, and keeps all messages that it has acknowledged. Operations that need no disk still
//! work. The log names the cause.

#![allow(clippy::expect_used, clippy::panic)]

mod broken_disk;
mod failed_close;
mod file_size_limit;
mod full_then_recovered;
mod harness;
mod log_lines;
mod no_premature_answers;
mod reconnect_while_full;
mod refusals;
mod retained_replay;
mod size_limit;
mod startup;
