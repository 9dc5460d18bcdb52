//! Who is calling: the facts about a client that are known once it is admitted. They stay with its connection and its
//! session, and also apply to its will.

use std::sync::Arc;

use tidegate_limits::Peer;
use tidegate_session::Config as SessionConfig;

use crate::tenant::TenantId;

/// The facts about an admitted client, made by [`crate::Broker::admit`].
#[derive(Debug)]
pub struct ClientContext {
    /// The tenant that the client belongs to.
    pub tenant: TenantId,
    /// The client identifier; empty for a caller inside the broker, and, unless hooks need it, for a session that was
    /// restored and whose client has not connected since.
    pub client_id: Arc<str>,
    /// The authenticated client; `None` if no hook authenticates, and for a restored session whose client has not
    /// connected since. A hook must not mistake such a session for an anonymous client: it has no `peer`.
    pub principal: Option<Box<Principal>>,
    /// The other side of the network connection; `None` for a caller inside the broker, and for a restored session
    /// whose client has not connected since.
    pub peer: Option<Peer>,
    /// The listener that accepted the connection.
    pub listener: Arc<ListenerContext>,
}

/// An authenticated client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The name by which the client was authenticated.
    pub name: Box<str>,
}

/// What all connections of a listener have in common.
#[derive(Debug)]
pub struct ListenerContext {
    /// The name of the listener in the configuration.
    pub name: Box<str>,
    /// The limits of its clients.
    pub limits: Arc<SessionConfig>,
}

/// The name of the listener of callers inside the broker.
pub(crate) const INTERNAL_LISTENER: &str = "internal";
