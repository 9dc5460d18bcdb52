//! The broker: binary, configuration, connection driver.

pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod cores;
pub mod development;
pub mod driver;
pub mod logging;
pub mod serve;
