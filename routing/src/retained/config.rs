//! Bounds of the retained store.

/// Bounds of the retained store. The store refuses a new message that would exceed one of the bounds of the
/// configuration.
#[derive(Clone, Debug)]
pub struct RetainedConfig {
    /// Maximum number of topics with a retained message. Default 1 million. Each topic needs about 150 bytes in
    /// addition to its message.
    pub len_max: usize,
    /// Maximum size of all retained messages together, in bytes. Default 1 GiB.
    pub bytes_max: usize,
}

impl Default for RetainedConfig {
    fn default() -> Self {
        Self { len_max: 1_000_000, bytes_max: 1 << 30 }
    }
}
