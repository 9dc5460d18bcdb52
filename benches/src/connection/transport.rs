//! The transport of a run's connections, with the CA certificates that the connections trust.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quinn_proto::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn_proto::{ServerConfig, TransportConfig, VarInt};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

use super::socket::Socket;
use super::socket::quic::Quic;
use super::socket::tcp::TcpSocket;
use super::socket::tls::Tls;
use super::socket::websocket::WebSocket;
use crate::error::LoadError;

/// A transport and its client configuration.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Plain TCP.
    Tcp,
    /// TLS over TCP.
    Tls(Arc<ClientConfig>),
    /// WebSocket over TCP.
    WebSocket,
    /// WebSocket over TLS.
    SecureWebSocket(Arc<ClientConfig>),
    /// QUIC.
    Quic(quinn_proto::ClientConfig),
}

/// The kinds of transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// Plain TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket over TCP.
    WebSocket,
    /// WebSocket over TLS.
    SecureWebSocket,
    /// QUIC.
    Quic,
}

impl Transport {
    /// Creates the client configuration of a transport. The client trusts the CA whose certificate is in the PEM file
    /// `ca`. With `resume`, connections resume TLS sessions of earlier connections.
    ///
    /// # Errors
    /// Fails for an encrypted transport without `ca`, and if the file cannot be read as certificates.
    pub fn new(kind: TransportKind, ca: Option<&Path>, resume: bool) -> Result<Self, LoadError> {
        Ok(match kind {
            TransportKind::Tcp => Self::Tcp,
            TransportKind::WebSocket => Self::WebSocket,
            TransportKind::Tls => {
                Self::Tls(Arc::new(tls_client_config(ca, b"mqtt", rustls::ALL_VERSIONS, resume)?))
            }
            TransportKind::SecureWebSocket => Self::SecureWebSocket(Arc::new(tls_client_config(
                ca,
                b"http/1.1",
                rustls::ALL_VERSIONS,
                resume,
            )?)),
            TransportKind::Quic => {
                Self::Quic(quic_client_config(tls_client_config(ca, b"mqtt", &[&version::TLS13], resume)?)?)
            }
        })
    }

    /// Returns the name of the transport in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls(_) => "tls",
            Self::WebSocket => "ws",
            Self::SecureWebSocket(_) => "wss",
            Self::Quic(_) => "quic",
        }
    }

    /// Starts a connection. The handshakes above TCP are not complete yet when this returns.
    pub(crate) fn connect(&self, address: SocketAddr) -> Result<Socket, LoadError> {
        if let Self::Quic(config) = self {
            return Ok(Socket::Quic(Box::new(Quic::connect(address, config.clone())?)));
        }
        let socket = TcpSocket::connect(address)?;
        let below = match self {
            Self::Tls(config) | Self::SecureWebSocket(config) => tls_over(socket, config)?,
            _ => Socket::Tcp(socket),
        };
        Ok(match self {
            Self::WebSocket | Self::SecureWebSocket(_) => Socket::WebSocket(Box::new(WebSocket::new(below))),
            _ => below,
        })
    }
}

fn tls_over(socket: TcpSocket, config: &Arc<ClientConfig>) -> Result<Socket, LoadError> {
    Ok(Socket::Tls(Box::new(Tls::new_client(socket, Arc::clone(config))?)))
}

fn tls_client_config(
    ca: Option<&Path>,
    protocol: &[u8],
    versions: &[&'static SupportedProtocolVersion],
    resume: bool,
) -> Result<ClientConfig, LoadError> {
    let Some(ca) = ca else { return Err(LoadError::Arguments("an encrypted transport needs --ca FILE")) };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).map_err(LoadError::pem)? {
        roots.add(certificate.map_err(LoadError::pem)?).map_err(LoadError::tls)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .map_err(LoadError::tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    if !resume {
        config.resumption = Resumption::disabled();
    }
    Ok(config)
}

fn quic_client_config(tls: ClientConfig) -> Result<quinn_proto::ClientConfig, LoadError> {
    let crypto = QuicClientConfig::try_from(tls)
        .map_err(|_| LoadError::Arguments("QUIC does not support these TLS settings"))?;
    let mut config = quinn_proto::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(quic_transport_config()));
    Ok(config)
}

/// Returns the TLS configuration of the relay, with certificate chain and key from PEM files.
pub(crate) fn server_config(
    certificate: &Path,
    key: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<rustls::ServerConfig, LoadError> {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(LoadError::pem)?.collect();
    let key = PrivateKeyDer::from_pem_file(key).map_err(LoadError::pem)?;
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .map_err(LoadError::tls)?
        .with_no_client_auth()
        .with_single_cert(chain.map_err(LoadError::pem)?, key)
        .map_err(LoadError::tls)?;
    config.alpn_protocols = vec![b"mqtt".to_vec()];
    Ok(config)
}

/// Returns the QUIC configuration of the relay.
pub(crate) fn quic_server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, LoadError> {
    let tls = server_config(certificate, key, &[&version::TLS13])?;
    let crypto = QuicServerConfig::try_from(tls)
        .map_err(|_| LoadError::Arguments("QUIC does not support these TLS settings"))?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(quic_transport_config()));
    Ok(config)
}

/// Returns QUIC settings with windows so large that they do not limit the measurement.
fn quic_transport_config() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .stream_receive_window(VarInt::from_u32(WINDOW_LEN))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_MAX))
        .keep_alive_interval(Some(KEEP_ALIVE_INTERVAL));
    config
}

/// Flow control window of a stream, in bytes.
const WINDOW_LEN: u32 = 1024 * 1024;
/// Number of streams that a peer may open.
const STREAMS_MAX: u32 = 4;
/// Interval of QUIC keep-alive packets, below the usual idle timeout of 30 seconds.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
