//! The bounds and announced capabilities of sessions. Holds numbers; enforces none.

use std::sync::Arc;

use tidegate_mqtt::QoS;

/// What happens to a message for a queue that is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest queued message is dropped for the new one.
    #[default]
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// The new message is dropped and its publisher is to be told so (0x97 Quota exceeded).
    Reject,
}

/// Bounds and announced capabilities of sessions.
#[derive(Clone, Debug)]
pub struct Config {
    /// Longest session expiry granted, in seconds; `u32::MAX` (the default) also allows sessions that never expire.
    /// Cost: a waiting session keeps its subscriptions and its queue.
    pub session_expiry_max: u32,
    /// QoS 1 and 2 messages a client may have open towards us; default 1,024. Cost: 4 bytes each for QoS 2.
    pub receive_maximum: u16,
    /// Largest packet taken from a client, in bytes with its fixed header; default 1 MiB.
    pub packet_size_max: u32,
    /// Topic aliases a client may set; default 64. Cost: one topic name each a connection.
    pub topic_alias_maximum: u16,
    /// Topic aliases used towards a client that allows them; default 16, 0 uses none. Cost: one topic name each, and
    /// a comparison each a message.
    pub outgoing_alias_max: u16,
    /// Highest QoS served; default 2.
    pub qos_max: QoS,
    /// Whether retained messages are served; default true.
    pub retain_available: bool,
    /// Whether wildcard subscriptions are served; default true.
    pub wildcard_available: bool,
    /// Whether subscription identifiers are served; default true.
    pub identifier_available: bool,
    /// Whether shared subscriptions are served; default true.
    pub shared_available: bool,
    /// Longest keep alive in seconds; default 0: none. With one, MQTT 5 clients that ask for more, or for no keep
    /// alive at all, get this as Server Keep Alive; earlier versions cannot be told and keep theirs.
    pub keep_alive_max: u16,
    /// Longest client identifier in bytes; default 65,535.
    pub client_id_len_max: usize,
    /// Whether MQTT 3.1 clients are held to its 1 to 23 characters; default false: 1 to `client_id_len_max` bytes.
    pub client_id_strict: bool,
    /// Response Information for clients that ask for it; default none.
    pub response_information: Option<Arc<str>>,
    /// Messages open towards a client at a time, its Receive Maximum notwithstanding; default 1,024, at least 1,
    /// at most 16,384. Cost: 24 bytes each, and the message.
    pub inflight_max: u16,
    /// Messages that wait for a client; default 100,000. Cost: 24 bytes each, and the message.
    pub queue_len_max: usize,
    /// Bytes of the messages that wait for a client; default 64 MiB. A message waiting for several counts for each.
    pub queue_bytes_max: usize,
    /// What a full queue does; default [`Overflow::DropOldest`].
    pub overflow: Overflow,
    /// Bytes pending towards a socket above which QoS 1 and 2 messages wait in the queue; default 1 MiB.
    pub pending_bytes_high: usize,
    /// Bytes pending towards a socket above which QoS 0 messages are dropped and counted; default 4 MiB.
    pub pending_bytes_max: usize,
    /// Subscriptions of a session; default 10,000. Cost: some 40 bytes each; the filter's text is the router's too.
    pub subscriptions_max: usize,
    /// Whether sessions that outlive their connection note their changes for a store, see
    /// [`crate::Session::take_changes`]; default false. Cost: 100 bytes each a change, until it is taken.
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
