//! The server side of a QUIC handshake, from the client's first packet to its control stream. The handshake waits for
//! the peer, so it runs in its own task.

use quinn::crypto::rustls::HandshakeData;
use quinn::{Connection, Incoming};
use tidegate_limits::{ConnectionPermit, Peer, TlsFacts, Transport};

use super::{ALPN, CODE_CONTROL_STREAM_DOWN, QuicLinks, QuicStream};
use crate::connection::NetworkConnection;
use crate::link::Link;
use crate::listener::{EstablishError, Established, FurtherLinks};

/// Completes the handshake and waits for the client's first bidirectional stream. At most `streams_max` streams become
/// links at the same time.
pub(crate) async fn perform_handshake(
    incoming: Incoming,
    streams_max: u32,
    permit: ConnectionPermit,
) -> Result<Established, EstablishError> {
    let connection = incoming.accept()?.await?;
    let facts = tls_facts(&connection);
    if facts.protocol.as_deref().map(str::as_bytes) != Some(ALPN) {
        connection.close(CODE_CONTROL_STREAM_DOWN, b"no application protocol");
        return Err(EstablishError::ApplicationProtocol);
    }
    let mut guard = NoStreamGuard { connection: connection.clone(), is_stream_open: false };
    let (send, receive) = connection.accept_bi().await?;
    guard.is_stream_open = true;
    let peer = Peer::new(Transport::Quic, Some(connection.remote_address())).with_tls(facts);
    let network = NetworkConnection::accepted(peer, permit);
    let further_max = usize::try_from(streams_max).unwrap_or(usize::MAX).saturating_sub(1);
    if further_max == 0 {
        let stream = QuicStream::only(connection, send, receive);
        return Ok(Established { link: Link::quic(stream, network), further: None });
    }
    let further = QuicLinks::new(connection.clone(), network.clone(), further_max);
    let link = Link::quic(QuicStream::control(connection, send, receive), network);
    Ok(Established { link, further: Some(FurtherLinks::quic(further)) })
}

/// Closes the connection with a reason if waiting for the client's first stream is cancelled or fails.
struct NoStreamGuard {
    connection: Connection,
    is_stream_open: bool,
}

impl Drop for NoStreamGuard {
    fn drop(&mut self) {
        if !self.is_stream_open {
            self.connection.close(CODE_CONTROL_STREAM_DOWN, b"no stream was opened");
        }
    }
}

fn tls_facts(connection: &Connection) -> TlsFacts {
    let data = connection.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    let protocol = data.as_ref().and_then(|data| data.protocol.as_deref());
    TlsFacts {
        version: "TLSv1.3",
        protocol: protocol.map(|protocol| String::from_utf8_lossy(protocol).into()),
        server_name: data.as_ref().and_then(|data| data.server_name.as_deref()).map(Box::from),
    }
}
