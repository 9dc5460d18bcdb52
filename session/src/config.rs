//! The limits of sessions and the capabilities that CONNACK announces. The limits are enforced by other modules.

use std::sync::Arc;

use tidegate_mqtt::QoS;

/// What happens when a message is pushed to a full queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest queued message is dropped to make room for the new one.
    #[default]
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// The new message is dropped, and the caller reports this to the publisher with 0x97 (Quota exceeded).
    Reject,
}

/// Limits of sessions and the capabilities that CONNACK announces.
#[derive(Clone, Debug)]
pub struct Config {
    /// Longest session expiry that is granted, in seconds; `u32::MAX` (the default) also allows sessions that never
    /// expire. Cost: a session without a connection keeps its subscriptions and its queue.
    pub session_expiry_max: u32,
    /// The broker's Receive Maximum: number of QoS 1 and 2 messages that a client may send without waiting for
    /// acknowledgements; default 1,024. Cost: 4 bytes per QoS 2 message.
    pub receive_maximum: u16,
    /// Largest packet accepted from a client, in bytes including the fixed header; default 1 MiB.
    pub packet_size_max: u32,
    /// Number of topic aliases that a client may set; default 64. Cost: one topic name per alias and connection.
    pub topic_alias_maximum: u16,
    /// Number of topic aliases used for messages to a client that accepts them; default 16; 0 disables aliases. Cost:
    /// one topic name per alias, and one comparison per alias for each message.
    pub outgoing_alias_max: u16,
    /// Highest QoS supported; default 2.
    pub qos_max: QoS,
    /// Whether retained messages are supported; default true.
    pub retain_available: bool,
    /// Whether wildcard subscriptions are supported; default true.
    pub wildcard_available: bool,
    /// Whether subscription identifiers are supported; default true.
    pub identifier_available: bool,
    /// Whether shared subscriptions are supported; default true.
    pub shared_available: bool,
    /// Longest keep alive in seconds; default 0, which means no limit. An MQTT 5 client that requests a longer keep
    /// alive, or no keep alive, gets this value as Server Keep Alive. Clients of earlier versions keep the value that
    /// they requested, because CONNACK cannot change it.
    pub keep_alive_max: u16,
    /// Longest client identifier in bytes; default 65,535.
    pub client_id_len_max: usize,
    /// Whether client identifiers of MQTT 3.1 clients must have 1 to 23 characters, as that version demands; default
    /// false, which allows 1 to `client_id_len_max` bytes.
    pub client_id_strict: bool,
    /// Response Information for clients that request it; default none.
    pub response_information: Option<Arc<str>>,
    /// Maximum number of QoS 1 and 2 messages in flight to a client, even if its Receive Maximum is higher; default
    /// 1,024, at least 1, at most 16,384. Cost: 24 bytes per message, in addition to the message.
    pub inflight_max: u16,
    /// Maximum number of messages in the queue of a session; default 100,000. Cost: 24 bytes per message, in addition
    /// to the message.
    pub queue_len_max: usize,
    /// Maximum total size of the messages in the queue of a session, in bytes; default 64 MiB. A message that is queued
    /// in several sessions counts in each of them.
    pub queue_bytes_max: usize,
    /// What happens when a message is pushed to a full queue; default [`Overflow::DropOldest`].
    pub overflow: Overflow,
    /// Number of bytes in the write buffer at which QoS 1 and 2 messages start to wait in the queue; default 1 MiB.
    pub pending_bytes_high: usize,
    /// Number of bytes in the write buffer above which QoS 0 messages are dropped and counted; default 4 MiB.
    pub pending_bytes_max: usize,
    /// Maximum number of subscriptions of a session; default 10,000. Cost: about 40 bytes per subscription; the
    /// filter's text is shared with the router.
    pub subscriptions_max: usize,
    /// Whether sessions that outlive their connection record their changes for a store, see
    /// [`crate::Session::take_changes`]; default false. Cost: 100 bytes per change until the caller takes the change.
    pub change_log: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            session_expiry_max: u32::MAX,
            receive_maximum: 1024,
            packet_size_max: 1024 * 1024,
            topic_alias_maximum: 64,
            outgoing_alias_max: 16,
            qos_max: QoS::ExactlyOnce,
            retain_available: true,
            wildcard_available: true,
            identifier_available: true,
            shared_available: true,
            keep_alive_max: 0,
            client_id_len_max: 65_535,
            client_id_strict: false,
            response_information: None,
            inflight_max: 1024,
            queue_len_max: 100_000,
            queue_bytes_max: 64 * 1024 * 1024,
            overflow: Overflow::DropOldest,
            pending_bytes_high: 1024 * 1024,
            pending_bytes_max: 4 * 1024 * 1024,
            subscriptions_max: 10_000,
            change_log: false,
        }
    }
}
