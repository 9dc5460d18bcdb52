//! WebSockets opened with an offer of the test's own.

use tokio::time::timeout;

use super::{Client, PATIENCE};
use crate::harness::Harness;
use crate::link::Link;

impl Harness {
    /// Opens a WebSocket that offers `protocols`; gives the one that the broker selected too. Nothing was said on it.
    pub(crate) async fn web_socket(&self, name: &str, protocols: &str) -> (Client, Option<String>) {
        let dialed = timeout(PATIENCE, Link::dial_offering(self.endpoint(), protocols)).await;
        let (link, selected) = dialed.expect("a handshake in time").expect("a WebSocket");
        (
            Client::new(name, self.version, link, self.endpoint().is_tidegate, self.transcript.clone()),
            selected,
        )
    }
}
