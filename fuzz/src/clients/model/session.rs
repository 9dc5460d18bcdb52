//! One session: what the broker has to remember of a client.

use std::collections::BTreeMap;

use tidegate_mqtt::{ProtocolVersion, Publish, QoS, Will};

use super::outbound::Outbound;
use crate::clients::broker::ConnectionId;

/// A session that exists. One that has ended is none.
pub(in crate::clients) struct Session {
    /// Tells the sessions of a client apart.
    pub(super) serial: u64,
    /// The version of the connection that has or had it.
    pub(super) version: ProtocolVersion,
    /// Seconds that it outlives its connection.
    pub(super) expiry: u32,
    /// The connection that has it now.
    pub(super) connection: Option<ConnectionId>,
    /// When it ends, without a connection; none is never.
    pub(super) expires_at: Option<u64>,
    pub(super) will: Option<Will>,
    /// When the will is due, without a connection.
    pub(super) will_at: Option<u64>,
    /// By the text of the filter, `$share/` included.
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(in crate::clients) outbound: Outbound,
    /// Messages at QoS 2 from the client that it has not released.
    pub(in crate::clients) received: BTreeMap<u16, Publish>,
}

/// What a subscription was granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) qos: QoS,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
    pub(super) identifier: Option<u32>,
}

/// A will that has to be published.
pub(super) struct WillDue {
    pub(super) client: usize,
    pub(super) serial: u64,
    pub(super) will: Will,
}

impl Session {
    pub(super) fn new(serial: u64, version: ProtocolVersion, inflight_max: u16) -> Self {
        Self {
            serial,
            version,
            expiry: 0,
            connection: None,
            expires_at: None,
            will: None,
            will_at: None,
            subscriptions: BTreeMap::new(),
            outbound: Outbound::new(inflight_max),
            received: BTreeMap::new(),
        }
    }

    /// Seconds that it outlives its connection.
    pub(in crate::clients) fn expiry(&self) -> u32 {
        self.expiry
    }

    /// The filters subscribed to.
    pub(in crate::clients) fn filters(&self) -> impl Iterator<Item = &String> {
        self.subscriptions.keys()
    }

    /// The version of the connection that has or had it.
    pub(in crate::clients) fn version(&self) -> ProtocolVersion {
        self.version
    }
}
