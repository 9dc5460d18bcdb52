//! Tests with damaged store files and snapshots. Whatever bytes the files contain, no command and no broker may be
//! killed by a signal, panic or hang. A seeded generator changes the files, mostly in the data structures of LMDB.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

mod cases;
mod layout;
mod mutation;
mod read_only_disk;
mod rounds;
mod run;
mod sample;
mod store;
mod traffic;
