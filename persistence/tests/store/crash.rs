//! Crash tests: the state of the files when the process or the machine stops at any moment, and when system
//! calls fail. A workload runs in its own process, under a recorder of its writes.

mod faults;
mod images;
mod recorder;
mod replay;
mod workload;
