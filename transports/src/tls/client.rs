//! How a client verifies a server: which certificate authorities it trusts, and which name it expects.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};
use thiserror::Error;

use super::crypto_provider;
use super::verifier::AnyCertificate;

/// A client's TLS settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientTls {
    /// PEM files with the certificate authorities to trust. If empty, the authorities of the operating system are
    /// trusted.
    pub ca_files: Vec<PathBuf>,
    /// Whether any certificate is accepted. For development only: an attacker on the network path can read and change
    /// all data.
    pub insecure: bool,
    /// The name to send as SNI and to expect in the certificate, instead of the URL's host.
    pub server_name: Option<String>,
}

/// The fault in a client's TLS settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientTlsError {
    /// A CA file cannot be read or is not PEM.
    #[error("cannot use the CA file {}: {fault}", path.display())]
    CaFile {
        /// The path of the CA file.
        path: PathBuf,
        /// The fault in the file.
        fault: pem::Error,
    },
    /// A CA file contains no certificate.
    #[error("the CA file {} holds no certificate", path.display())]
    EmptyCaFile {
        /// The path of the CA file.
        path: PathBuf,
    },
    /// A certificate in a CA file cannot be used.
    #[error("a certificate in the CA file {} cannot be used: {fault}", path.display())]
    Authority {
        /// The path of the CA file.
        path: PathBuf,
        /// The fault in the certificate.
        fault: rustls::Error,
    },
    /// No CA file is given and the operating system has no certificate authorities.
    #[error("the operating system has no trusted certificate authorities; give a CA file")]
    NoAuthorities,
    /// The settings cannot be used in this combination.
    #[error("unusable TLS settings: {0}")]
    Unusable(#[from] rustls::Error),
}

impl ClientTls {
    pub(crate) fn config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&[u8]],
    ) -> Result<ClientConfig, ClientTlsError> {
        let builder =
            ClientConfig::builder_with_provider(crypto_provider()).with_protocol_versions(versions)?;
        let mut config = if self.insecure {
            let verifier = Arc::new(AnyCertificate::new(crypto_provider()));
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        } else {
            builder.with_root_certificates(self.authorities()?).with_no_client_auth()
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }

    fn authorities(&self) -> Result<RootCertStore, ClientTlsError> {
        let mut store = RootCertStore::empty();
        for path in &self.ca_files {
            add_file(&mut store, path)?;
        }
        if self.ca_files.is_empty() {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if store.is_empty() { Err(ClientTlsError::NoAuthorities) } else { Ok(store) }
    }
}

fn add_file(store: &mut RootCertStore, path: &PathBuf) -> Result<(), ClientTlsError> {
    let unreadable = |fault| ClientTlsError::CaFile { path: path.clone(), fault };
    let before = store.len();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let certificate = certificate.map_err(unreadable)?;
        let added = store.add(certificate);
        added.map_err(|fault| ClientTlsError::Authority { path: path.clone(), fault })?;
    }
    if store.len() == before {
        return Err(ClientTlsError::EmptyCaFile { path: path.clone() });
    }
    Ok(())
}
