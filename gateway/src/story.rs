//! The log lines about clients: one when a client has connected, one when its connection has ended, and one for each
//! refused connection. Each line is built from the client's context when it is written.

mod first_packet;

use std::fmt;
use std::sync::Arc;

use tidegate_broker::{
    Broker, ClientConnection, ClientContext, ConnectionSummary, End, EndKind, ListenerContext,
};
use tidegate_limits::Peer;
use tidegate_mqtt::ProtocolVersion;
use tidegate_session::Negotiated;

pub use first_packet::FirstPacket;

use crate::logging::PEER;

/// What the lines about one connection have in common.
pub struct ClientStory {
    context: Arc<ClientContext>,
    tenant: Arc<str>,
    version: ProtocolVersion,
}

/// Logs a line about a client at the given level and target, with the fields that all such lines have.
macro_rules! log_client {
    ($level:ident, $target:expr, $story:expr, $($fields:tt)*) => {
        tracing::$level!(
            target: $target,
            client = shortened(&$story.context.client_id),
            tenant = &*$story.tenant,
            peer = %Address($story.context.peer.as_ref()),
            listener = &*$story.context.listener.name,
            transport = $story.transport(),
            version = %$story.version,
            $($fields)*
        )
    };
}

impl ClientStory {
    /// Begins the story of a connection.
    #[must_use]
    pub fn of(client: &ClientConnection) -> Self {
        let context = Arc::clone(client.context());
        Self { tenant: tenant_name(client.broker(), &context), context, version: client.version() }
    }

    /// Logs that the connection has ended. A connection that the broker ended because of what the client did is logged
    /// at level `info`, within the limit on lines that peers cause.
    pub fn log_end(&self, end: &End, summary: &ConnectionSummary) {
        let ConnectionSummary { received, sent, duration } = summary;
        macro_rules! log_end {
            ($level:ident, $target:expr) => {
                log_client!(
                    $level,
                    $target,
                    self,
                    duration = ?duration,
                    packets_received = received.packets,
                    bytes_received = received.bytes,
                    packets_sent = sent.packets,
                    bytes_sent = sent.bytes,
                    ended_by = end.ended_by().name(),
                    cause = end.to_string(),
                    reason = end.reason().map(|reason| reason.value()),
                    "connection ended"
                )
            };
        }
        match end.kind() {
            EndKind::OutOfMemory | EndKind::Overloaded => log_end!(warn, PEER),
            EndKind::Violation => log_end!(info, PEER),
            _ => log_end!(debug, TARGET),
        }
    }

    fn transport(&self) -> &'static str {
        self.context.peer.as_ref().map_or("none", |peer| peer.transport().name())
    }
}

/// Logs that a client has connected.
pub fn log_connected(client: &ClientConnection, negotiated: &Negotiated) {
    if !tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        return;
    }
    let story = ClientStory::of(client);
    let Negotiated { clean_start, session_expiry, keep_alive, .. } = *negotiated;
    log_client!(debug, TARGET, story, clean_start, session_expiry, keep_alive, "client connected");
}

/// Logs a connection that was refused before it had a session, within the limit on lines that peers cause.
pub fn log_refused_connection(
    listener: &ListenerContext,
    peer: &Peer,
    client_id: Option<&str>,
    cause: &dyn fmt::Display,
    hint: Option<&str>,
) {
    tracing::info!(
        target: PEER,
        client = client_id.map(shortened),
        peer = %Address(Some(peer)),
        listener = &*listener.name,
        transport = peer.transport().name(),
        // Logged as text, not through `Display`: the cause may contain bytes from the peer, and the log formats escape
        // only text.
        cause = shortened(&cause.to_string()),
        hint,
        "connection refused"
    );
}

fn tenant_name(broker: &Broker, context: &ClientContext) -> Arc<str> {
    Arc::clone(broker.tenant_of_client(context).name())
}

/// Returns at most `TEXT_LEN_MAX` characters of a text that a peer can make long.
fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(TEXT_LEN_MAX).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

/// The address of a peer in the log.
struct Address<'a>(Option<&'a Peer>);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.and_then(Peer::address) {
            Some(address) => address.fmt(f),
            None => f.write_str("local"),
        }
    }
}

/// Maximum number of characters of a client identifier or a cause in the log. Lines above 16 KiB would be dropped.
const TEXT_LEN_MAX: usize = 256;
/// The target of lines about clients.
const TARGET: &str = "tidegate::client";
