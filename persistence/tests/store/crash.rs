//! What is left of the files when the process, or the machine, goes down at any moment, and when calls fail: a workload in a
//! process of its own, under a recorder of its writes.

mod faults;
mod images;
mod recorder;
mod replay;
mod workload;
