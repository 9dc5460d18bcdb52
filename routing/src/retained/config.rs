//! Bounds of the retained store: the settings of the section `retained`.

use tidegate_limits::units::{Count, Size};

tidegate_limits::settings! {
    /// Limits of retained messages. When either is reached, new messages are not retained.
    pub struct RetainedConfig, given as Section, named "Retained" {
        /// Maximum number of topics with a retained message. Default 1000000. Each uses about 150 bytes plus its
        /// message.
        pub messages_max: usize as Count<0, 1_000_000_000> = Count::new(1_000_000);
        /// Maximum total size of all retained messages. Default 1GiB.
        pub bytes_max: usize as Size<0, 1_099_511_627_776> = Size::from_bytes(1 << 30);
    }
}
