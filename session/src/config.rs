//! The limits of sessions and the capabilities that CONNACK announces: the settings of the section `session`. The
//! limits are enforced by other modules.

mod expiry;
mod qos;
mod restrict;

use std::sync::Arc;
use std::time::Duration;

pub use tidegate_limits::Overflow;
use tidegate_limits::units::{Count, Size, Time};
use tidegate_limits::{OutputLimits, QueueLimits};
use tidegate_mqtt::QoS;

pub use expiry::SessionExpiry;
pub use qos::QoSNumber;

tidegate_limits::settings! {
    /// Limits of one session, and the capabilities that the broker announces to clients.
    pub struct Config, given as ListenerSession, named "SessionLimits" {
        /// Maximum Session Expiry Interval; clients that request more get this value. Default `never`: no limit. A
        /// session without a connection uses memory for its queue, up to `queue_bytes_max`.
        pub session_expiry_max: u32 as SessionExpiry = SessionExpiry::Never;
        /// Maximum number of unacknowledged QoS 1 and 2 messages from a client (Receive Maximum). Default 1024. Each
        /// unreleased QoS 2 message uses 4 bytes.
        pub receive_maximum: u16 as Count<1, 65_535> = Count::new(1024);
        /// Maximum size of a packet from a client (Maximum Packet Size). Default 1MiB. A connection can use up to twice
        /// this much memory while a packet arrives.
        pub packet_size_max: u32 as Size<64, 268_435_460> = Size::from_bytes(1 << 20);
        /// Highest topic alias that a client may use (Topic Alias Maximum). Default 64; 0 allows none. Each alias in
        /// use stores its topic.
        pub topic_alias_maximum: u16 as Count<0, 65_535> = Count::new(64);
        /// Maximum number of topic aliases that the broker uses towards a client that allows them. Default 16; 0 uses
        /// none. Each alias in use stores its topic, and each message is compared with each alias.
        pub outgoing_alias_max: u16 as Count<0, 65_535> = Count::new(16);
        /// Maximum QoS of messages from clients (Maximum QoS). Default 2.
        pub qos_max: QoS as QoSNumber = QoSNumber::MAX;
        /// Whether clients may publish retained messages (Retain Available). Default true.
        pub retain_available: bool as bool = true;
        /// Whether topic filters may have wildcards (Wildcard Subscription Available). Default true.
        pub wildcard_available: bool as bool = true;
        /// Whether subscriptions may have identifiers (Subscription Identifier Available). Default true.
        pub identifier_available: bool as bool = true;
        /// Whether shared subscriptions are allowed (Shared Subscription Available). Default true.
        pub shared_available: bool as bool = true;
        /// Maximum keep alive; MQTT 5 clients that request more, or none, get this value (Server Keep Alive). Default
        /// 0: the client decides. Clients of earlier versions keep the value that they request, because CONNACK cannot
        /// change it. If a client vanishes, the broker closes its connection after one and a half times the keep alive.
        pub keep_alive_max: u16 as Time<0, 65_535_000> = Time::from_millis(0);
        /// Maximum number of unacknowledged QoS 1 and 2 messages sent to a client; the client's Receive Maximum may be
        /// lower. Default 1024. Each such message uses 24 bytes in addition to its content.
        pub inflight_max: u16 as Count<1, 16_384> = Count::new(1024);
        /// Maximum number of messages queued for one session. Default 100000. Each uses 24 bytes in addition to its
        /// content.
        pub queue_len_max: usize as Count<0, 100_000_000> = Count::new(100_000);
        /// Maximum size of the messages queued for one session. Default 64MiB. Queues share messages: a message in many
        /// queues is in memory once, but counts in each of them.
        pub queue_bytes_max: usize as Size<0, 1_099_511_627_776> = Size::from_bytes(64 << 20);
        /// What happens to a message when the session's queue is full. Default `drop_oldest`.
        pub overflow: Overflow as Overflow = Overflow::DropOldest;
        /// Maximum number of bytes that wait to be sent on a connection before QoS 1 and 2 messages stay in the
        /// session's queue. Default 1MiB.
        pub pending_bytes_high: usize as Size<1024, 1_073_741_824> = Size::from_bytes(1 << 20);
        /// Maximum number of bytes that wait to be sent on a connection before QoS 0 messages are dropped and counted.
        /// Default 4MiB. Each slow client may use this much memory.
        pub pending_bytes_max: usize as Size<1024, 1_073_741_824> = Size::from_bytes(4 << 20);
        /// Maximum length of a client identifier. Default 65535B.
        pub client_id_len_max: usize as Size<23, 65_535> = Size::from_bytes(65_535);
        /// Whether client identifiers of MQTT 3.1 clients must have 1 to 23 characters, as that version demands.
        /// Default false: they may be as long as `client_id_len_max`, like those of other clients.
        pub client_id_strict: bool as bool = false;
        /// Response Information for clients that request it, usually the root of their response topics. Default none.
        pub response_information: Option<Arc<str>> as Option<Arc<str>> = None;
        /// Maximum number of subscriptions of one session. Default 10000. Each uses about 48 bytes in the session; the
        /// text of its filter is shared with the routing table.
        pub subscriptions_max: usize as Count<0, 10_000_000> = Count::new(10_000);
        /// Maximum number of acknowledgements to a client that wait until the store has committed what they confirm.
        /// When it is reached, the broker reads nothing more from the client until some are sent. Default 1024. Each
        /// uses 24 bytes.
        pub ack_queue_len_max: usize as Count<1, 65_535> = Count::new(1024);
        /// Time limit for a client to read the last packets when the broker ends its connection. Default 5s. Afterwards
        /// the connection is closed without them. With a higher limit, a client that does not read keeps its memory
        /// longer.
        pub close_timeout: Duration as Time<100, 600_000> = Time::from_millis(5000);
    }
    internal {
        /// Whether sessions that outlive their connection record their changes for a store, see
        /// [`crate::Session::take_changes`]; default false. Cost: 100 bytes per change until the caller takes the
        /// change.
        pub change_log: bool = false;
    }
}

impl Config {
    /// Returns the limits of the queue.
    pub(crate) fn queue_limits(&self) -> QueueLimits {
        QueueLimits { len_max: self.queue_len_max, bytes_max: self.queue_bytes_max, overflow: self.overflow }
    }

    /// Returns the limits of the bytes that wait to be written.
    pub(crate) fn output_limits(&self) -> OutputLimits {
        OutputLimits { high: self.pending_bytes_high, max: self.pending_bytes_max }
    }
}

#[cfg(test)]
mod tests;
