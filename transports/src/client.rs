//! Connects to a broker by URL, over any transport.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tidegate_limits::{Peer, TlsFacts, Transport};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::{TlsConnector, TlsStream};

mod error;
mod target;

pub use error::ConnectError;
pub use target::{Host, Target, TargetError};

use crate::connection::NetworkConnection;
use crate::link::Link;
pub use crate::tls::ClientTls;
use crate::tls::tls_facts;
use crate::{quic, websocket};

/// Connects to `target` within [`CONNECT_TIMEOUT`].
///
/// # Errors
/// Returns why the connection failed. The text of [`ConnectError`] is meant for users.
pub async fn connect(target: &Target, tls: &ClientTls) -> Result<Link, ConnectError> {
    connect_within(target, tls, CONNECT_TIMEOUT).await
}

/// Connects to `target` within `limit`, including all handshakes of the transport.
///
/// # Errors
/// Returns why the connection failed. The text of [`ConnectError`] is meant for users.
pub async fn connect_within(target: &Target, tls: &ClientTls, limit: Duration) -> Result<Link, ConnectError> {
    let connecting = async {
        match target {
            Target::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                let stream = stream.map_err(|fault| ConnectError::from_socket_error(target, fault))?;
                Ok(Link::unix(stream, NetworkConnection::uncounted(Peer::new(Transport::Unix, None))))
            }
            Target::Network(host) => connect_host(target, host, tls).await,
        }
    };
    match tokio::time::timeout(limit, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(ConnectError::Timeout { target: target.clone(), limit }),
    }
}

async fn connect_host(target: &Target, host: &Host, tls: &ClientTls) -> Result<Link, ConnectError> {
    if host.transport == Transport::Quic {
        return connect_quic(target, host, tls).await;
    }
    let stream = TcpStream::connect((host.name.as_str(), host.port)).await;
    let stream = stream.map_err(|fault| ConnectError::from_socket_error(target, fault))?;
    // A failure is ignored, because the connection also works without TCP_NODELAY.
    let _ = stream.set_nodelay(true);
    let peer = Peer::new(host.transport, stream.peer_addr().ok());
    let upgrade_failed = |fault| ConnectError::Upgrade { target: target.clone(), fault };
    match host.transport {
        Transport::Tls => {
            let (stream, facts) = connect_tls(target, host, tls, stream, b"mqtt").await?;
            Ok(Link::tls(stream, NetworkConnection::uncounted(peer.with_tls(facts))))
        }
        Transport::WebSocket => {
            let dialed = websocket::dial(stream, &host.authority(), &host.path).await;
            Ok(Link::websocket(dialed.map_err(upgrade_failed)?, NetworkConnection::uncounted(peer)))
        }
        Transport::SecureWebSocket => {
            let (stream, facts) = connect_tls(target, host, tls, stream, b"http/1.1").await?;
            let dialed = websocket::dial(stream, &host.authority(), &host.path).await;
            let connection = NetworkConnection::uncounted(peer.with_tls(facts));
            Ok(Link::secure_websocket(dialed.map_err(upgrade_failed)?, connection))
        }
        Transport::Tcp | Transport::Unix | Transport::Quic | Transport::Memory => {
            Ok(Link::tcp(stream, NetworkConnection::uncounted(peer)))
        }
    }
}

async fn connect_tls(
    target: &Target,
    host: &Host,
    tls: &ClientTls,
    stream: TcpStream,
    protocol: &[u8],
) -> Result<(TlsStream<TcpStream>, TlsFacts), ConnectError> {
    let config = tls.config(rustls::ALL_VERSIONS, &[protocol])?;
    let name = host.server_name(tls);
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_| ConnectError::ServerName { name: name.to_owned() })?;
    let connected = TlsConnector::from(Arc::new(config)).connect(server_name, stream).await;
    let stream = connected.map_err(|fault| ConnectError::from_handshake_error(target, fault))?;
    let facts = tls_facts(stream.get_ref().1, Some(name));
    Ok((TlsStream::Client(stream), facts))
}

async fn connect_quic(target: &Target, host: &Host, tls: &ClientTls) -> Result<Link, ConnectError> {
    let addresses = tokio::net::lookup_host((host.name.as_str(), host.port)).await;
    let addresses: Vec<SocketAddr> =
        addresses.map_err(|fault| ConnectError::from_socket_error(target, fault))?.collect();
    let name = host.server_name(tls);
    let mut failure = ConnectError::from_socket_error(target, io::ErrorKind::HostUnreachable.into());
    for address in addresses {
        let config = tls.config(&[&rustls::version::TLS13], &[quic::ALPN])?;
        match quic::dial(address, name, config).await {
            Ok(stream) => {
                let facts = TlsFacts {
                    version: "TLSv1.3",
                    server_name: Some(name.into()),
                    protocol: Some("mqtt".into()),
                };
                let peer = Peer::new(Transport::Quic, Some(address)).with_tls(facts);
                return Ok(Link::quic(stream, NetworkConnection::uncounted(peer)));
            }
            Err(fault) => failure = ConnectError::from_quic_error(target, fault),
        }
    }
    Err(failure)
}

/// The time limit of [`connect`]. It is the same as the default of the broker's `handshake_timeout`.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
