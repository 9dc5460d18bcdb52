//! Connects as a QUIC client.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::{io, time::Duration};

use quinn::crypto::rustls::{NoInitialCipherSuite, QuicClientConfig};
use quinn::{ClientConfig, ConnectError, ConnectionError, Endpoint};
use thiserror::Error;

use super::endpoint::transport_config;
use super::{QuicConfig, QuicStream};

/// The reason why a QUIC connection could not be established.
#[derive(Debug, Error)]
pub(crate) enum QuicDialError {
    #[error("cannot open a UDP socket: {0}")]
    Socket(#[from] io::Error),
    #[error("unusable TLS settings: {0}")]
    Tls(#[from] NoInitialCipherSuite),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

/// Connects and opens the control stream. The server is notified of the stream when the first bytes are written.
pub(crate) async fn dial(
    address: SocketAddr,
    server_name: &str,
    tls: rustls::ClientConfig,
) -> Result<QuicStream, QuicDialError> {
    let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
    config.transport_config(Arc::new(transport_config(&client_config(), 0)));
    let local = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let endpoint = Endpoint::client(local)?;
    let connection = endpoint.connect_with(config, address, server_name)?.await?;
    let (send, receive) = connection.open_bi().await?;
    Ok(QuicStream::only(connection, send, receive))
}

/// Returns the settings of a client. Clients send keepalives often, because NATs drop an idle UDP flow within half a
/// minute.
fn client_config() -> QuicConfig {
    QuicConfig { keep_alive: Some(Duration::from_secs(20)), ..QuicConfig::default() }
}
