//! The `tidegate` program: command line, configuration, cores and connection drivers.

pub mod cli;
pub mod clock;
pub mod config;
pub mod cores;
pub mod development;
pub mod driver;
pub mod logging;
pub mod serve;
pub mod story;
