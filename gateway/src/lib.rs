//! The broker: binary, configuration, connection driver.
