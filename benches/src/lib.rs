//! Micro-benches and the load tool.
