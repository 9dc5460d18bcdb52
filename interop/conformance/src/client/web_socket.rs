//! Opens WebSocket connections with a list of offered subprotocols.

use tokio::time::timeout;

use super::{Client, RECEIVE_TIMEOUT};
use crate::harness::Harness;
use crate::link::Link;

impl Harness {
    /// Opens a WebSocket that offers the subprotocols `protocols`. Returns a client that has not sent CONNECT, and the
    /// subprotocol that the broker selected.
    pub(crate) async fn web_socket(&self, name: &str, protocols: &str) -> (Client, Option<String>) {
        let dialed = timeout(RECEIVE_TIMEOUT, Link::dial_offering(self.endpoint(), protocols)).await;
        let (link, selected) = dialed.expect("a handshake in time").expect("a WebSocket");
        (
            Client::new(name, self.version, link, self.endpoint().is_tidegate, self.transcript.clone()),
            selected,
        )
    }
}
