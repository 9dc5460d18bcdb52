//! The broker: binary, configuration, connection driver.

pub mod broker;
pub mod cli;
pub mod client;
pub mod config;
pub mod cores;
pub mod counters;
pub mod development;
pub mod driver;
pub mod logging;
pub mod serve;
