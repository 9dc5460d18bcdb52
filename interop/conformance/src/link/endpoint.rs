//! The address of a broker's listener, and the certificate authorities to trust there.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tidegate_interop::transport::Transport;

/// One listener of the broker under test.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) transport: Transport,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The path in the URL of a WebSocket.
    pub(crate) path: String,
    pub(crate) trust: Trust,
    /// Whether the broker is a Tidegate process that this program started.
    pub(crate) is_tidegate: bool,
}

/// The certificate authorities that test clients trust.
#[derive(Clone)]
pub(crate) struct Trust(Arc<RootCertStore>);

impl Trust {
    /// Reads the certificate authorities from a PEM file.
    pub(crate) fn read_authorities(file: &Path) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let failed = |error| format!("{}: {error}", file.display());
        for certificate in CertificateDer::pem_file_iter(file).map_err(failed)? {
            let added = roots.add(certificate.map_err(failed)?);
            added.map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(Self(Arc::new(roots)))
    }

    /// Returns an empty set of certificate authorities, for transports without encryption.
    pub(crate) fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }

    /// Returns the TLS configuration of a client that trusts these authorities and offers `protocol` in ALPN.
    pub(crate) fn client(&self, protocol: &[u8]) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions =
            if protocol == MQTT_ALPN { &[&rustls::version::TLS13][..] } else { rustls::ALL_VERSIONS };
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
        let builder = builder.expect("TLS versions that the provider supports");
        let mut config = builder.with_root_certificates(Arc::clone(&self.0)).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        config
    }
}

impl Endpoint {
    /// Parses a URL of the form `mqtt://HOST:PORT`, or with the scheme mqtts, ws, wss or quic.
    pub(crate) fn parse(url: &str, trust: Trust) -> Result<Self, String> {
        let usage =
            || format!("{url}: expected mqtt://, mqtts://, ws://, wss:// or quic://, a host and a port");
        let (scheme, rest) = url.split_once("://").ok_or_else(usage)?;
        let transport = match scheme {
            "mqtt" => Transport::Tcp,
            "mqtts" => Transport::Tls,
            "ws" => Transport::Ws,
            "wss" => Transport::Wss,
            "quic" => Transport::Quic,
            _ => return Err(usage()),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, "mqtt"));
        let (host, port) = authority.rsplit_once(':').ok_or_else(usage)?;
        let port = port.parse().map_err(|_| usage())?;
        Ok(Self {
            transport,
            host: host.to_owned(),
            port,
            path: format!("/{path}"),
            trust,
            is_tidegate: false,
        })
    }
}

/// The ALPN protocol name that clients offer for MQTT over QUIC and over TLS.
pub(super) const MQTT_ALPN: &[u8] = b"mqtt";
