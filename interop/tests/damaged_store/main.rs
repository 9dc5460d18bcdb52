//! Damaged store files and snapshots: whatever bytes they have, no command and no broker dies by a signal, panics or hangs.
//! Files are changed at random, with a seed, mostly where LMDB keeps its structure.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

mod cases;
mod layout;
mod mutation;
mod random;
mod read_only_disk;
mod rounds;
mod run;
mod sample;
mod store;
mod traffic;
