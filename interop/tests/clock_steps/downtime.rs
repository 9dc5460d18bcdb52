//! The time between two runs of the broker.

/// The events between two runs of the broker.
#[derive(Clone, Copy, Debug)]
pub struct Downtime {
    pub is_crash: bool,
    pub is_reboot: bool,
    /// Number of seconds by which the wall clock is set while the broker is stopped.
    pub clock_step: i64,
}
