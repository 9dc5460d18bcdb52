//! The result of an accepted connection's handshakes: its first link, and the links that a multiplexed transport yields
//! later.

use crate::link::Link;
use crate::quic::QuicLinks;

/// A network connection whose handshakes are complete, as a stream of at least one link.
///
/// TCP, TLS, WebSocket and Unix connections are exactly one link. A transport that multiplexes streams over one socket
/// yields further links as long as the connection lives.
#[derive(Debug)]
pub struct Established {
    /// The first link.
    pub link: Link,
    /// Yields the further links; `None` if the connection cannot have any. The caller should poll the stream in a task
    /// of its own.
    pub further: Option<FurtherLinks>,
}

/// The links that follow the first link of a multiplexed connection. If this value is dropped, the existing links
/// continue, but nobody answers the streams that the peer opens afterwards.
#[derive(Debug)]
pub struct FurtherLinks(Box<QuicLinks>);

impl FurtherLinks {
    pub(crate) fn quic(links: QuicLinks) -> Self {
        Self(Box::new(links))
    }

    /// Waits for the next link. Returns `None` when the connection has ended; the links themselves report the reason.
    /// While the connection has as many links as its listener allows, the function waits until one of them is dropped.
    /// The function is cancel-safe.
    pub async fn next(&mut self) -> Option<Link> {
        self.0.next().await
    }
}
