//! Models one session: the state that the broker must keep for a client.

use std::collections::BTreeMap;

use tidegate_mqtt::{Connect, ProtocolVersion, Publish, QoS, Will};

use super::outbound::Outbound;
use super::replay::Replay;
use crate::clients::core::{ConnectionId, SessionIds};

/// A session that has not ended.
pub(in crate::clients) struct Session {
    pub(super) ids: SessionIds,
    /// Protocol version of the present or last connection.
    pub(super) version: ProtocolVersion,
    /// Session expiry in seconds: how long the session outlives its connection.
    pub(super) expiry: u32,
    /// The present connection of the session, if there is one.
    pub(super) connection: Option<ConnectionId>,
    /// Time at which the session ends, while it has no connection. `None` means never.
    pub(super) expires_at: Option<u64>,
    pub(super) will: Option<Will>,
    /// Time at which the will is due, while the session has no connection.
    pub(super) will_at: Option<u64>,
    /// Subscriptions by filter, including `$share/`.
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    /// Retained messages that the session's subscriptions must still bring.
    pub(super) replays: Vec<Replay>,
    pub(in crate::clients) outbound: Outbound,
    /// QoS 2 messages from the client for which PUBREL has not arrived, by packet identifier.
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
    /// Creates a session without state.
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

    /// Attaches a new connection to the session.
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

    /// Returns the session expiry in seconds.
    pub(in crate::clients) fn expiry(&self) -> u32 {
        self.expiry
    }

    /// Returns the filters of the session's subscriptions.
    pub(in crate::clients) fn filters(&self) -> impl Iterator<Item = &String> {
        self.subscriptions.keys()
    }

    /// Returns the protocol version of the present or last connection.
    pub(in crate::clients) fn version(&self) -> ProtocolVersion {
        self.version
    }
}
