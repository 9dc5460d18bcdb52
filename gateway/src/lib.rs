//! The broker: binary, configuration, connection driver.

pub mod config;
