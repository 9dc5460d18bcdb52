//! The state of a client that outlives its connection: in-flight messages, queue, subscriptions, will. This module does
//! no input or output and has no clock: it writes packets to a [`WriteBuffer`], and the caller passes the current time.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{PacketId, ProtocolVersion, SubscriptionOptions, Will};

use crate::awaiting_commit::AwaitingCommit;
use crate::change_log::ChangeLog;
use crate::config::Config;
use crate::inflight::Inflight;
use crate::outbox::Outbox;
use crate::queue::Queue;
use crate::received::InboundPacketIds;
use crate::subscriptions::{GrantedOptions, Subscriptions, SubscriptionsFull};
use crate::traffic::Traffic;
use crate::verdict::Drops;
use crate::write_buffer::WriteBuffer;

mod acknowledge;
mod await_commit;
mod deliver;
mod ending;
mod frames;
mod lifecycle;
mod receive;
mod serve;
mod snapshot;

pub use ending::{AttachOutcome, DetachOutcome, TimeoutOutcome, Unacknowledged};
pub use frames::Frames;
pub use lifecycle::Cause;
use lifecycle::Lifecycle;
pub use snapshot::{DeliverySnapshot, SessionMetadata, SessionSnapshot};

/// The session of one client identifier. The caller protects it with one lock.
///
/// The order of calls: [`Session::attach`] gives a connection its epoch. The connection sends CONNACK with
/// [`Session::send`], then calls [`Session::resume`]; from then on the session sends messages. Before every later call,
/// the connection compares its epoch with [`Session::epoch`]: if they differ, another connection has taken the session
/// over, and the call must not be made.
///
/// # Examples
///
/// Attach a connection, send CONNACK, deliver a message, and take the bytes for the socket:
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
///
/// use tidegate_mqtt::{Connect, Message, MessageParts, Packet, ProtocolVersion, QoS, topic};
/// use tidegate_session::{Config, Delivery, Handshake, Session, Step, Verdict};
///
/// let config = Arc::new(Config::default());
/// let connect = Connect::new(ProtocolVersion::V5, "sensor-7");
/// let step = Handshake::new(Arc::clone(&config), None).handle_connect(connect, String::new);
/// let Step::Accept(negotiated) = step else { panic!("refused") };
///
/// let now = Instant::now();
/// let mut session = Session::new(1, Arc::clone(&config));
/// let attached = session.attach(&negotiated, now);
/// session.send(&Packet::from(negotiated.connack(attached.session_present, &config)))?;
/// session.resume(now);
///
/// # let message = Arc::new(Message::from_parts(&MessageParts {
/// #     topic: &topic::Name::parse("rooms/1/temperature")?,
/// #     properties: &[],
/// #     payload: b"21.5",
/// #     qos: QoS::AtLeastOnce,
/// #     retain: false,
/// #     publisher: 2,
/// #     expires_at: None,
/// # }));
/// // `message` is an `Arc<Message>`.
/// let delivery = Delivery {
///     message: &message,
///     qos: QoS::AtLeastOnce,
///     retain: false,
///     subscription_identifiers: &[],
///     shared_filter: None,
/// };
/// assert_eq!(session.push(&delivery, now), Verdict::Sent);
/// assert_eq!(session.inflight(), 1);
///
/// // CONNACK, then PUBLISH.
/// let mut bytes = Vec::new();
/// session.write_buffer().take(Vec::new()).copy_to(&mut bytes);
/// assert_eq!(bytes[0], 0x20);
/// assert!(bytes.ends_with(b"21.5"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    id: u64,
    epoch: u64,
    config: Arc<Config>,
    lifecycle: Lifecycle,
    /// Session expiry in seconds; `u32::MAX` means that the session never expires.
    session_expiry: u32,
    will: Option<Box<Will>>,
    outbox: Outbox,
    /// Whether [`Session::resume`] was called on this connection. Before that call, only CONNACK may be sent.
    /// `[MQTT5-3.2.0-1]` `[MQTT3-3.2.0-1]`
    resumed: bool,
    quota: Quota,
    inflight: Inflight,
    /// Packet identifiers of the messages to resend on this connection, in reverse order: the oldest is last.
    resends: Vec<PacketId>,
    /// Packets of this connection that wait for a commit before they are written; always `None` without a store.
    awaiting_commit: Option<Box<AwaitingCommit>>,
    queue: Option<Box<Queue>>,
    receiving: Option<Box<InboundPacketIds>>,
    subscriptions: Subscriptions,
    drops: Drops,
    /// Changes for the store; `None` for a session that ends with its connection.
    change_log: Option<Box<ChangeLog>>,
}

/// Number of QoS 1 and 2 PUBLISH packets that may still be sent before the client acknowledges one. `[MQTT5-3.3.4-9]`
/// `[MQTT5-4.9.0-1]`
#[derive(Clone, Copy, Debug, Default)]
struct Quota {
    left: u16,
}

impl Session {
    /// Creates a session without state. `id` is chosen by the caller and unique in the process.
    #[must_use]
    pub fn new(id: u64, config: Arc<Config>) -> Self {
        Self {
            id,
            epoch: 0,
            config,
            lifecycle: Lifecycle::Ended,
            session_expiry: 0,
            will: None,
            outbox: Outbox::closed(),
            resumed: false,
            quota: Quota::default(),
            inflight: Inflight::default(),
            resends: Vec::new(),
            awaiting_commit: None,
            queue: None,
            receiving: None,
            subscriptions: Subscriptions::default(),
            drops: Drops::default(),
            change_log: None,
        }
    }

    /// Adds or replaces a subscription. Returns whether a subscription to this filter existed. `options.qos` is the
    /// granted QoS. `[MQTT5-3.8.4-3]`
    ///
    /// # Errors
    /// Returns an error (0x97) if the subscription is new and the session already has [`Config::subscriptions_max`]
    /// subscriptions.
    pub fn subscribe(
        &mut self,
        filter: SubscriptionFilter,
        options: SubscriptionOptions,
        identifier: Option<u32>,
    ) -> Result<bool, SubscriptionsFull> {
        self.subscriptions.insert(
            filter,
            GrantedOptions { options, identifier },
            self.config.subscriptions_max,
        )
    }

    /// Removes a subscription. Returns whether the subscription existed. Deliveries that have begun continue.
    /// `[MQTT5-3.10.4-3]`
    pub fn unsubscribe(&mut self, filter: &SubscriptionFilter) -> bool {
        self.subscriptions.remove(filter)
    }

    /// Returns the buffer with the bytes to write to the socket.
    pub fn write_buffer(&mut self) -> &mut WriteBuffer {
        &mut self.outbox.write_buffer
    }

    /// Returns the packets and bytes sent on the current or last connection, including those that wait to be written.
    #[must_use]
    pub fn sent(&self) -> Traffic {
        Traffic { packets: self.outbox.packets, bytes: self.outbox.write_buffer.total() }
    }

    /// Returns whether messages were dropped since the last [`Session::take_drops`].
    #[inline]
    #[must_use]
    pub fn has_drops(&self) -> bool {
        self.drops.total() > 0
    }

    /// Returns the numbers of messages dropped since the last call, and resets them.
    pub fn take_drops(&mut self) -> Drops {
        core::mem::take(&mut self.drops)
    }

    /// Drops expired messages from the queue. The call is cheap if no message can have expired. Call this function from
    /// time to time for a session without a connection, so that expired messages do not occupy memory until the client
    /// returns. `[MQTT5-3.3.2-5]`
    pub fn sweep(&mut self, now: Instant) {
        if let Some(queue) = &mut self.queue {
            queue.sweep(now, &mut self.drops, &mut self.change_log);
        }
    }

    /// Returns the limits of the session: those of its latest connection.
    #[must_use]
    pub fn limits(&self) -> &Config {
        &self.config
    }

    /// Returns the `id` passed to [`Session::new`].
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the epoch of the latest connection. The epoch is 0 before the first connection and rises by 1 with each
    /// connection.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns whether a connection is attached.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.lifecycle == Lifecycle::Attached
    }

    /// Returns the protocol version of the attached connection; `None` if no connection is attached.
    #[must_use]
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.is_attached().then_some(self.outbox.version)
    }

    /// Returns the number of QoS 1 and 2 messages that were sent and not completely acknowledged.
    #[must_use]
    pub fn inflight(&self) -> u32 {
        self.inflight.len().into()
    }

    /// Returns the number of messages in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    /// Returns the total size of the messages in the queue, in bytes.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.bytes())
    }

    /// Returns the subscriptions with their granted options, in no particular order.
    pub fn subscriptions(&self) -> impl Iterator<Item = (SubscriptionFilter, GrantedOptions)> {
        self.subscriptions.iter()
    }

    /// Returns the granted options of one subscription.
    #[must_use]
    pub fn subscription(&self, filter: &SubscriptionFilter) -> Option<GrantedOptions> {
        self.subscriptions.granted_options(filter)
    }

    /// Returns the number of bytes occupied by this value and its heap allocations, without messages and filters, which
    /// are shared.
    #[must_use]
    pub fn memory(&self) -> usize {
        let queue = self.queue.as_ref().map_or(0, |queue| size_of::<Queue>() + queue.capacity());
        let receiving = self
            .receiving
            .as_ref()
            .map_or(0, |receiving| size_of::<InboundPacketIds>() + receiving.capacity());
        let will = self.will.as_ref().map_or(0, |_| size_of::<Will>());
        let lists = self.inflight.capacity() + self.resends.capacity() * size_of::<PacketId>();
        size_of::<Self>()
            + self.outbox.capacity()
            + self.subscriptions.capacity()
            + lists
            + queue
            + receiving
            + will
            + self.awaiting_commit.as_ref().map_or(0, |awaiting_commit| awaiting_commit.capacity())
            + self.change_log.as_ref().map_or(0, |change_log| change_log.capacity())
    }
}

impl Quota {
    fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// Increases the quota by 1. Called when a PUBLISH that was counted on this connection is complete. Only such a
    /// PUBLISH gives quota back, so the quota never exceeds its initial value. `[MQTT5-4.9.0-2]`
    fn give_back(&mut self) {
        self.left = self.left.saturating_add(1);
    }
}
