//! One session: what the broker must remember about a client.

use std::collections::BTreeMap;

use tidegate_mqtt::{Connect, ProtocolVersion, Publish, QoS, Will};

use super::outbound::Outbound;
use super::replay::Replay;
use crate::clients::core::{ConnectionId, SessionIds};

/// A session that has not ended.
pub(in crate::clients) struct Session {
    pub(super) ids: SessionIds,
    /// The version of its present or last connection.
    pub(super) version: ProtocolVersion,
    /// Seconds that it outlives its connection.
    pub(super) expiry: u32,
    /// Its present connection.
    pub(super) connection: Option<ConnectionId>,
    /// When it ends, while it has no connection; `None` is never.
    pub(super) expires_at: Option<u64>,
    pub(super) will: Option<Will>,
    /// When the will is due, while it has no connection.
    pub(super) will_at: Option<u64>,
    /// Subscriptions by filter, including `$share/`.
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    /// Retained messages that its subscriptions must still bring.
    pub(super) replays: Vec<Replay>,
    pub(in crate::clients) outbound: Outbound,
    /// QoS 2 messages from the client that it has not released.
    pub(in crate::clients) received: BTreeMap<u16, Publish>,
}

/// The options granted to a subscription.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subscription {
    pub(super) qos: QoS,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
    pub(super) identifier: Option<u32>,
}

impl Session {
    /// A session without state.
    pub(super) fn begin(ids: SessionIds, version: ProtocolVersion, inflight_max: u16) -> Self {
        Self {
            ids,
            version,
            expiry: 0,
            connection: None,
            expires_at: None,
            will: None,
            will_at: None,
            subscriptions: BTreeMap::new(),
            replays: Vec::new(),
            outbound: Outbound::new(inflight_max),
            received: BTreeMap::new(),
        }
    }

    /// The session gets a new connection.
    pub(super) fn attach(&mut self, id: ConnectionId, connect: &Connect) {
        self.connection = Some(id);
        self.version = connect.version;
        self.expires_at = None;
        self.will_at = None;
        self.will = connect.will.clone();
        self.expiry = match (connect.version.is_v5(), connect.clean_start) {
            (true, _) => connect.session_expiry.unwrap_or(0),
            (false, true) => 0,
            (false, false) => u32::MAX,
        };
    }

    /// Seconds that it outlives its connection.
    pub(in crate::clients) fn expiry(&self) -> u32 {
        self.expiry
    }

    /// The filters of its subscriptions.
    pub(in crate::clients) fn filters(&self) -> impl Iterator<Item = &String> {
        self.subscriptions.keys()
    }

    /// The version of its present or last connection.
    pub(in crate::clients) fn version(&self) -> ProtocolVersion {
        self.version
    }
}
