//! A server's certificate and key, and how clients verify a server. TLS sessions belong to the links.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CipherSuite, InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

mod client;
mod error;
mod facts;
mod verifier;

pub use client::{ClientTls, ClientTlsError};
pub use error::MaterialError;

pub(crate) use facts::tls_facts;

/// A certificate chain and its private key. Certificate and key were checked to match.
#[derive(Clone)]
pub struct ServerMaterial {
    key: Arc<CertifiedKey>,
}

impl ServerMaterial {
    /// Reads a PEM certificate chain (the server's own certificate first) and a PEM private key (PKCS#8, PKCS#1 or
    /// SEC1; ECDSA, RSA or Ed25519; not encrypted). Certificate chain and key may be in one file.
    ///
    /// # Errors
    /// Returns an error that names the file and its fault.
    pub fn from_pem_files(chain: &Path, key: &Path) -> Result<Self, MaterialError> {
        let chain = PemFile::read(chain)?;
        let key = PemFile::read(key)?;
        Self::from_files(&chain, &key)
    }

    /// Like [`ServerMaterial::from_pem_files`], but reads PEM text from memory. Errors name the parts `certificate` and
    /// `private key` instead of files.
    ///
    /// # Errors
    /// Returns an error that names the part and its fault.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, MaterialError> {
        let chain = PemFile { path: PathBuf::from("certificate"), text: chain.to_vec() };
        let key = PemFile { path: PathBuf::from("private key"), text: key.to_vec() };
        Self::from_files(&chain, &key)
    }

    fn from_files(chain: &PemFile, key: &PemFile) -> Result<Self, MaterialError> {
        let certificates = chain.certificates()?;
        let private_key = key.private_key()?;
        let private_key = crypto_provider()
            .key_provider
            .load_private_key(private_key)
            .map_err(|fault| MaterialError::Key { path: key.path.clone(), fault })?;
        let certified = CertifiedKey::new(certificates, private_key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(Self { key: Arc::new(certified) })
            }
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(MaterialError::Mismatch { certificate: chain.path.clone(), key: key.path.clone() })
            }
            Err(fault) => Err(MaterialError::Certificate { path: chain.path.clone(), fault }),
        }
    }

    /// Creates settings for TLS 1.2 and 1.3. TLS sessions are resumed with tickets, so the server stores no sessions. A
    /// client may omit ALPN; a client that offers only other protocols gets the alert `no_application_protocol`.
    pub(crate) fn config(&self, protocols: &[&[u8]]) -> Result<ServerConfig, rustls::Error> {
        let builder =
            ServerConfig::builder_with_provider(crypto_provider()).with_safe_default_protocol_versions()?;
        self.build_config(builder, protocols)
    }

    /// Creates TLS 1.3 settings for QUIC, whose clients must offer one of `protocols`. Early data is disabled.
    pub(crate) fn quic_config(&self, protocols: &[&[u8]]) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?;
        self.build_config(builder, protocols)
    }

    fn build_config(
        &self,
        builder: rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>,
        protocols: &[&[u8]],
    ) -> Result<ServerConfig, rustls::Error> {
        let resolver = Arc::new(SingleCertAndKey::from(Arc::clone(&self.key)));
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        config.send_tls13_tickets = 1;
        // The server's order prefers AES-128-GCM-SHA256. OpenSSL clients prefer SHA-384, which makes a handshake 10 %
        // more expensive.
        config.ignore_client_order = true;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }
}

impl fmt::Debug for ServerMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerMaterial").field("certificates", &self.key.cert.len()).finish_non_exhaustive()
    }
}

/// The text of a PEM file, with its path.
struct PemFile {
    path: PathBuf,
    text: Vec<u8>,
}

impl PemFile {
    fn read(path: &Path) -> Result<Self, MaterialError> {
        match std::fs::read(path) {
            Ok(text) => Ok(Self { path: path.to_owned(), text }),
            Err(fault) => Err(MaterialError::Read { path: path.to_owned(), fault }),
        }
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.text).collect();
        match certificates {
            Ok(certificates) if certificates.is_empty() => {
                Err(MaterialError::NoCertificate { path: self.path.clone() })
            }
            Ok(certificates) => Ok(certificates),
            Err(fault) => Err(MaterialError::Pem { path: self.path.clone(), fault }),
        }
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, MaterialError> {
        PrivateKeyDer::from_pem_slice(&self.text).map_err(|fault| match fault {
            pem::Error::NoItemsFound => MaterialError::NoKey { path: self.path.clone() },
            fault => MaterialError::Pem { path: self.path.clone(), fault },
        })
    }
}

/// Returns all cipher suites, those with SHA-256 first, because processors have instructions for SHA-256.
pub(crate) fn crypto_provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| has_sha384(suite.suite()));
    Arc::new(provider)
}

fn has_sha384(suite: CipherSuite) -> bool {
    matches!(
        suite,
        CipherSuite::TLS13_AES_256_GCM_SHA384
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    )
}
