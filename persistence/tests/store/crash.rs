//! Crash tests: check the files that are left when the process or the machine stops at any moment, or when system calls
//! fail. A workload runs in its own process, with a library that records its writes.

mod faults;
mod images;
mod recorder;
mod replay;
mod workload;
