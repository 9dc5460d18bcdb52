//! The broker: binary, configuration, connection driver.

pub mod cli;
pub mod client;
pub mod config;
pub mod development;
pub mod logging;
pub mod broker;
pub mod cores;
pub mod counters;
pub mod driver;
pub mod serve;
