//! Which transport the connections of a run use, and what they need to trust the broker.

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

use super::carrier::Carrier;
use super::carrier::quic::Quic;
use super::carrier::socket::Socket;
use super::carrier::tls::Tls;
use super::carrier::websocket::WebSocket;
use crate::error::LoadError;

/// A transport.
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

/// Which transport, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
    /// Trusts the authority whose certificate is in the PEM file `ca`. With `resume`, later connections take up TLS sessions
    /// of earlier ones.
    ///
    /// # Errors
    /// An encrypted transport without `ca`, or a file that holds no certificate.
    pub fn new(kind: Kind, ca: Option<&Path>, resume: bool) -> Result<Self, LoadError> {
        Ok(match kind {
            Kind::Tcp => Self::Tcp,
            Kind::WebSocket => Self::WebSocket,
            Kind::Tls => Self::Tls(Arc::new(tls(ca, b"mqtt", rustls::ALL_VERSIONS, resume)?)),
            Kind::SecureWebSocket => {
                Self::SecureWebSocket(Arc::new(tls(ca, b"http/1.1", rustls::ALL_VERSIONS, resume)?))
            }
            Kind::Quic => Self::Quic(quic(tls(ca, b"mqtt", &[&version::TLS13], resume)?)?),
        })
    }

    /// Its name in reports.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls(_) => "tls",
            Self::WebSocket => "ws",
            Self::SecureWebSocket(_) => "wss",
            Self::Quic(_) => "quic",
        }
    }

    /// Begins a connection. Handshakes above TCP are still to be carried out.
    pub(crate) fn connect(&self, address: SocketAddr) -> Result<Carrier, LoadError> {
        if let Self::Quic(config) = self {
            return Ok(Carrier::Quic(Box::new(Quic::connect(address, config.clone())?)));
        }
        let socket = Socket::connect(address)?;
        let below = match self {
            Self::Tls(config) | Self::SecureWebSocket(config) => tls_over(socket, config)?,
            _ => Carrier::Tcp(socket),
        };
        Ok(match self {
            Self::WebSocket | Self::SecureWebSocket(_) => Carrier::WebSocket(Box::new(WebSocket::new(below))),
            _ => below,
        })
    }
}

fn tls_over(socket: Socket, config: &Arc<ClientConfig>) -> Result<Carrier, LoadError> {
    Ok(Carrier::Tls(Box::new(Tls::client(socket, Arc::clone(config))?)))
}

fn tls(
    ca: Option<&Path>,
    protocol: &[u8],
    versions: &[&'static SupportedProtocolVersion],
    resume: bool,
) -> Result<ClientConfig, LoadError> {
    let Some(ca) = ca else { return Err(LoadError::Arguments("this transport needs --ca")) };
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

fn quic(tls: ClientConfig) -> Result<quinn_proto::ClientConfig, LoadError> {
    let crypto =
        QuicClientConfig::try_from(tls).map_err(|_| LoadError::Arguments("TLS settings unfit for QUIC"))?;
    let mut config = quinn_proto::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(streams()));
    Ok(config)
}

/// The relay's side: certificate chain and key from PEM files.
pub(crate) fn accepting(
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

/// The same for QUIC.
pub(crate) fn accepting_quic(certificate: &Path, key: &Path) -> Result<ServerConfig, LoadError> {
    let tls = accepting(certificate, key, &[&version::TLS13])?;
    let crypto =
        QuicServerConfig::try_from(tls).map_err(|_| LoadError::Arguments("TLS settings unfit for QUIC"))?;
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(streams()));
    Ok(config)
}

/// Windows wide enough not to be what is measured.
fn streams() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .stream_receive_window(VarInt::from_u32(WINDOW_LEN))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .max_concurrent_bidi_streams(VarInt::from_u32(STREAMS_MAX))
        .keep_alive_interval(Some(KEEP_ALIVE_INTERVAL));
    config
}

/// Bytes that a peer may send ahead on a stream.
const WINDOW_LEN: u32 = 1024 * 1024;
/// Streams that a peer may open.
const STREAMS_MAX: u32 = 4;
/// Less than the idle timeout of 30 seconds that is usual.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
