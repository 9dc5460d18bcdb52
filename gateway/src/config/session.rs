//! Limits of one session, and the capabilities that the broker announces to clients.

mod expiry;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Count, Located, Size, Time};

pub use expiry::SessionExpiry;

/// Limits of one session, and the capabilities that the broker announces to clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionLimits {
    /// Maximum Session Expiry Interval; clients that request more get this value. Default `never`: no limit. A session
    /// without a connection uses memory for its queue, up to `queue_bytes_max`.
    pub session_expiry_max: SessionExpiry,
    /// Maximum number of unacknowledged QoS 1 and 2 messages from a client (Receive Maximum). Default 1024. Each
    /// unreleased QoS 2 message uses about 8 bytes.
    pub receive_maximum: Count<1, 65_535>,
    /// Maximum size of a packet from a client (Maximum Packet Size). Default 1MiB. A connection can use up to twice
    /// this much memory while a packet arrives.
    pub packet_size_max: Size<64, 268_435_460>,
    /// Highest topic alias that a client may use (Topic Alias Maximum). Default 64; 0 allows none. Each alias in use
    /// stores its topic.
    pub topic_alias_maximum: Count<0, 65_535>,
    /// Maximum number of topic aliases that the broker uses towards a client that allows them. Default 16; 0 uses none.
    /// Each alias in use stores its topic.
    pub outgoing_alias_max: Count<0, 65_535>,
    /// Maximum QoS of messages from clients (Maximum QoS). Default 2.
    pub qos_max: Count<0, 2>,
    /// Whether clients may publish retained messages (Retain Available). Default true.
    pub retain_available: bool,
    /// Whether topic filters may have wildcards (Wildcard Subscription Available). Default true.
    pub wildcard_available: bool,
    /// Whether subscriptions may have identifiers (Subscription Identifier Available). Default true.
    pub identifier_available: bool,
    /// Whether shared subscriptions are allowed (Shared Subscription Available). Default true.
    pub shared_available: bool,
    /// Maximum keep alive; clients that request more, or none, get this value (Server Keep Alive). Default 0: the
    /// client decides. If a client vanishes, the broker closes its connection after one and a half times the keep
    /// alive.
    pub keep_alive_max: Time<0, 65_535_000>,
    /// Maximum number of unacknowledged QoS 1 and 2 messages sent to a client; the client's Receive Maximum may be
    /// lower. Default 1024. Each such message uses about 32 bytes in addition to its content.
    pub inflight_max: Count<1, 65_535>,
    /// Maximum number of messages queued for one session. Default 100000.
    pub queue_len_max: Count<0, 100_000_000>,
    /// Maximum size of the messages queued for one session. Default 64MiB. Queues share messages: a message in many
    /// queues is in memory once.
    pub queue_bytes_max: Size<0, 1_099_511_627_776>,
    /// What happens to a message when the session's queue is full. Default `drop_oldest`.
    pub overflow: Overflow,
    /// Maximum number of bytes that wait to be sent on a connection before QoS 1 and 2 messages stay in the session's
    /// queue. Default 1MiB.
    pub pending_bytes_high: Located<Size<1024, 1_073_741_824>>,
    /// Maximum number of bytes that wait to be sent on a connection before QoS 0 messages are dropped and counted.
    /// Default 4MiB. Each slow client may use this much memory.
    pub pending_bytes_max: Located<Size<1024, 1_073_741_824>>,
    /// Maximum length of a client identifier. Default 65535B.
    pub client_id_len_max: Size<23, 65_535>,
    /// Whether client identifiers of MQTT 3.1 clients must have 1 to 23 characters, as that version demands. Default
    /// false: they may be as long as `client_id_len_max`, like those of other clients.
    pub client_id_strict: bool,
    /// Response Information for clients that request it, usually the root of their response topics. Default none.
    pub response_information: Option<String>,
    /// Maximum number of subscriptions of one session. Default 10000. Each subscription uses about 140 bytes plus
    /// its filter.
    pub subscriptions_max: Count<0, 10_000_000>,
}

/// What happens to a message when the session's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The oldest queued messages are dropped.
    #[default]
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// The message is refused: its publisher gets reason code 0x97 (Quota exceeded).
    Reject,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            session_expiry_max: SessionExpiry::Never,
            receive_maximum: const { Count::new(1024) },
            packet_size_max: const { Size::from_bytes(1 << 20) },
            topic_alias_maximum: const { Count::new(64) },
            outgoing_alias_max: const { Count::new(16) },
            qos_max: const { Count::new(2) },
            retain_available: true,
            wildcard_available: true,
            identifier_available: true,
            shared_available: true,
            keep_alive_max: const { Time::from_millis(0) },
            inflight_max: const { Count::new(1024) },
            queue_len_max: const { Count::new(100_000) },
            queue_bytes_max: const { Size::from_bytes(64 << 20) },
            overflow: Overflow::default(),
            pending_bytes_high: const { Size::from_bytes(1 << 20) }.into(),
            pending_bytes_max: const { Size::from_bytes(4 << 20) }.into(),
            client_id_len_max: const { Size::from_bytes(65_535) },
            client_id_strict: false,
            response_information: None,
            subscriptions_max: const { Count::new(10_000) },
        }
    }
}
