//! The time between two runs of the broker.

/// The events between two runs of the broker.
#[derive(Clone, Copy, Debug)]
pub struct Downtime {
    /// Whether the broker crashes, instead of being stopped.
    pub is_crash: bool,
    /// Whether the machine is rebooted while the broker is stopped.
    pub is_reboot: bool,
    /// Number of seconds by which the wall clock is set while the broker is stopped.
    pub clock_step: i64,
}
