//! Bounds of the retained store.

/// Bounds of the retained store; at either one a new message is refused.
#[derive(Clone, Debug)]
pub struct RetainedConfig {
    /// Topics with a retained message. Default 1 million; each costs some 150 bytes besides its message.
    pub len_max: usize,
    /// Bytes of all retained messages together. Default 1 GiB.
    pub bytes_max: usize,
}

impl Default for RetainedConfig {
    fn default() -> Self {
        Self { len_max: 1_000_000, bytes_max: 1 << 30 }
    }
}
