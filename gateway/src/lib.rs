//! The broker: binary, configuration, connection driver.

pub mod config;
pub mod development;
pub mod logging;
