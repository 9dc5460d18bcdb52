//! What outlives a connection: in-flight messages, queue, subscriptions, will. Does no input or output and has no
//! clock: bytes go to [`WriteBuffer`], time comes in as an argument.

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
use crate::received::Receiving;
use crate::subscriptions::{GrantedOptions, Subscriptions, SubscriptionsFull};
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

pub use ending::{Attached, Detached, Due, Unacknowledged};
pub use frames::Frames;
pub use lifecycle::Cause;
use lifecycle::Lifecycle;
pub use snapshot::{DeliverySnapshot, SessionMetadata, SessionSnapshot};

/// The session of one client identifier, used under one lock.
///
/// [`Session::attach`] gives a connection its epoch; the connection sends CONNACK ([`Session::send`]), then calls
/// [`Session::resume`]. From then on messages flow. Every later call of a connection has to be guarded by
/// [`Session::epoch`]: a connection whose epoch is not the session's was taken over.
#[derive(Debug)]
pub struct Session {
    id: u64,
    epoch: u64,
    config: Arc<Config>,
    lifecycle: Lifecycle,
    session_expiry: u32,
    will: Option<Box<Will>>,
    outbox: Outbox,
    /// Whether CONNACK was sent: nothing else may come before it. `[MQTT5-3.2.0-1]` `[MQTT3-3.2.0-1]`
    resumed: bool,
    quota: Quota,
    inflight: Inflight,
    /// Messages to be sent again on this connection, the oldest last.
    resends: Vec<PacketId>,
    /// What is to be written on this connection once it is kept; none without a store.
    awaiting_commit: Option<Box<AwaitingCommit>>,
    queue: Option<Box<Queue>>,
    receiving: Option<Box<Receiving>>,
    subscriptions: Subscriptions,
    drops: Drops,
    /// What a store has to follow; none for a session that ends with its connection.
    change_log: Option<Box<ChangeLog>>,
}

/// PUBLISH packets at QoS 1 and 2 that may be sent now. `[MQTT5-3.3.4-9]` `[MQTT5-4.9.0-1]`
#[derive(Clone, Copy, Debug, Default)]
struct Quota {
    left: u16,
}

impl Session {
    /// A session without state; `id` is its handle, unique in the process.
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

    /// Adds or replaces a subscription; says whether the filter was there. `options.qos` is the granted QoS.
    /// `[MQTT5-3.8.4-3]`
    ///
    /// # Errors
    /// When the session holds [`Config::subscriptions_max`] others (0x97).
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

    /// Removes a subscription; says whether the filter was there. Deliveries begun go on. `[MQTT5-3.10.4-3]`
    pub fn unsubscribe(&mut self, filter: &SubscriptionFilter) -> bool {
        self.subscriptions.remove(filter)
    }

    /// The bytes for the socket.
    pub fn write_buffer(&mut self) -> &mut WriteBuffer {
        &mut self.outbox.write_buffer
    }

    /// The counts of dropped messages since the last call.
    pub fn take_drops(&mut self) -> Drops {
        core::mem::take(&mut self.drops)
    }

    /// Drops queued messages that have expired; cheap when none can have. For a session that waits, call it now and
    /// then, so that they do not hold memory until the client returns. `[MQTT5-3.3.2-5]`
    pub fn sweep(&mut self, now: Instant) {
        if let Some(queue) = &mut self.queue {
            queue.sweep(now, &mut self.drops, &mut self.change_log);
        }
    }

    /// The handle it was made with.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The epoch of the connection that owns the session; 0 before the first.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether a connection serves it.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.lifecycle == Lifecycle::Attached
    }

    /// The version its connection speaks.
    #[must_use]
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.is_attached().then_some(self.outbox.version)
    }

    /// Messages at QoS 1 and 2 that the client has not completed.
    #[must_use]
    pub fn inflight(&self) -> u32 {
        self.inflight.len().into()
    }

    /// Messages in the queue.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.len())
    }

    /// Bytes of the messages in the queue.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.bytes())
    }

    /// The subscriptions with their terms, in no order.
    pub fn subscriptions(&self) -> impl Iterator<Item = (SubscriptionFilter, GrantedOptions)> {
        self.subscriptions.iter()
    }

    /// The terms of one subscription.
    #[must_use]
    pub fn subscription(&self, filter: &SubscriptionFilter) -> Option<GrantedOptions> {
        self.subscriptions.granted_options(filter)
    }

    /// Bytes of memory held, in this value and on the heap; messages and filters, which are shared, apart.
    #[must_use]
    pub fn memory(&self) -> usize {
        let queue = self.queue.as_ref().map_or(0, |queue| size_of::<Queue>() + queue.capacity());
        let receiving =
            self.receiving.as_ref().map_or(0, |receiving| size_of::<Receiving>() + receiving.capacity());
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

    /// One PUBLISH of this connection is complete. Only those that took one give one back, so the quota never
    /// exceeds its start. `[MQTT5-4.9.0-2]`
    fn give_back(&mut self) {
        self.left = self.left.saturating_add(1);
    }
}
