//! A disk that is full, broken, or holds something else: nothing is acknowledged falsely, what needs no disk goes on, what was
//! acknowledged is there afterwards, and the log says why.

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
