//! Limits of one session and what the broker announces to clients.

mod expiry;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Count, Located, Size, Time};

pub use expiry::SessionExpiry;

/// Limits of one session and what the broker announces to clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SessionLimits {
    /// Longest time a session outlives its connection; clients that ask for more get this. Default `never` (no
    /// limit). A kept session costs its queue, up to `queue_bytes_max`.
    pub session_expiry_max: SessionExpiry,
    /// QoS 1 and 2 messages a client may send before the first is acknowledged (Receive Maximum). Default 1024.
    /// Each open QoS 2 message costs some 8 bytes.
    pub receive_maximum: Count<1, 65_535>,
    /// Largest packet taken from a client (Maximum Packet Size). Default 1MiB. A connection may hold that much
    /// while one packet arrives.
    pub packet_size_max: Size<64, 268_435_460>,
    /// Topic aliases a client may set on a connection (Topic Alias Maximum). Default 64; 0 forbids them. Each
    /// alias in use costs its topic.
    pub topic_alias_maximum: Count<0, 65_535>,
    /// Topic aliases the broker sets towards a client that allows them. Default 16; 0 sets none. Each costs its
    /// topic.
    pub outgoing_alias_max: Count<0, 65_535>,
    /// Highest QoS of messages (Maximum QoS). Default 2.
    pub qos_max: Count<0, 2>,
    /// Whether messages can be retained (Retain Available). Default true. Retained messages cost their size.
    pub retain_available: bool,
    /// Whether filters may have wildcards (Wildcard Subscription Available). Default true.
    pub wildcard_available: bool,
    /// Whether subscriptions may have identifiers (Subscription Identifier Available). Default true.
    pub identifier_available: bool,
    /// Whether there are shared subscriptions (Shared Subscription Available). Default true.
    pub shared_available: bool,
    /// Longest keep alive; clients that ask for more, or for none, get this (Server Keep Alive). Default 0: as
    /// the client asks. A client that vanished costs its connection for one and a half times the keep alive.
    pub keep_alive_max: Time<0, 65_535_000>,
    /// QoS 1 and 2 messages sent to a client before it acknowledges the first, if it allows so many. Default
    /// 1024. Each costs some 32 bytes and keeps its message.
    pub inflight_max: Count<1, 65_535>,
    /// Messages queued for one session. Default 100000.
    pub queue_len_max: Count<0, 100_000_000>,
    /// Bytes queued for one session. Default 64MiB. Messages are shared: many queues hold one copy.
    pub queue_bytes_max: Size<0, 1_099_511_627_776>,
    /// What happens to a message when the queue is full. Default `drop_oldest`.
    pub overflow: Overflow,
    /// Bytes waiting for a client's connection above which QoS 1 and 2 messages stay in the queue. Default 1MiB.
    pub pending_bytes_high: Located<Size<1024, 1_073_741_824>>,
    /// Bytes waiting for a client's connection above which QoS 0 messages are dropped and counted. Default 4MiB.
    /// Each slow client may cost that much.
    pub pending_bytes_max: Located<Size<1024, 1_073_741_824>>,
    /// Longest client identifier. Default 65535B.
    pub client_id_len_max: Size<23, 65_535>,
    /// Whether MQTT 3.1 clients are held to identifiers of 1 to 23 characters. Default false: up to
    /// `client_id_len_max`, as for the others.
    pub client_id_strict: bool,
    /// Response Information for clients that ask for it, commonly the root of their response topics. Default none.
    pub response_information: Option<String>,
    /// Subscriptions of one session. Default 10000. Each costs its filter and some 140 bytes.
    pub subscriptions_max: Count<0, 10_000_000>,
}

/// What happens to a message when the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The oldest queued messages make room.
    #[default]
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// The publisher is told: reason code 0x97, Quota exceeded.
    Reject,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            session_expiry_max: SessionExpiry::Never,
            receive_maximum: const { Count::of(1024) },
            packet_size_max: const { Size::of(1 << 20) },
            topic_alias_maximum: const { Count::of(64) },
            outgoing_alias_max: const { Count::of(16) },
            qos_max: const { Count::of(2) },
            retain_available: true,
            wildcard_available: true,
            identifier_available: true,
            shared_available: true,
            keep_alive_max: const { Time::of(0) },
            inflight_max: const { Count::of(1024) },
            queue_len_max: const { Count::of(100_000) },
            queue_bytes_max: const { Size::of(64 << 20) },
            overflow: Overflow::default(),
            pending_bytes_high: const { Size::of(1 << 20) }.into(),
            pending_bytes_max: const { Size::of(4 << 20) }.into(),
            client_id_len_max: const { Size::of(65_535) },
            client_id_strict: false,
            response_information: None,
            subscriptions_max: const { Count::of(10_000) },
        }
    }
}
