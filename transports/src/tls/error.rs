//! Errors in the operator's certificate and key files.

use std::io;
use std::path::PathBuf;

use rustls_pki_types::pem;
use thiserror::Error;

/// A fault in a server's certificate or key file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MaterialError {
    /// The file cannot be read.
    #[error("cannot read {}: {fault}", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The operating system's error.
        fault: io::Error,
    },
    /// The file is not PEM, or a block in it is malformed.
    #[error("{} is not valid PEM: {fault}", path.display())]
    Pem {
        /// The path of the file.
        path: PathBuf,
        /// The fault in the PEM text.
        fault: pem::Error,
    },
    /// The file contains no certificate.
    #[error("{} holds no certificate (no BEGIN CERTIFICATE)", path.display())]
    NoCertificate {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file contains no private key of a supported kind.
    #[error("{} holds no unencrypted private key (PKCS#8, PKCS#1 or SEC1)", path.display())]
    NoKey {
        /// The path of the file.
        path: PathBuf,
    },
    /// The certificate cannot be parsed.
    #[error("the certificate in {} cannot be used: {fault}", path.display())]
    Certificate {
        /// The path of the file.
        path: PathBuf,
        /// The fault in the certificate.
        fault: rustls::Error,
    },
    /// The key cannot be loaded.
    #[error("the private key in {} cannot be used: {fault}", path.display())]
    Key {
        /// The path of the file.
        path: PathBuf,
        /// The fault in the private key.
        fault: rustls::Error,
    },
    /// The key does not match the certificate.
    #[error("the private key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The path of the certificate's file.
        certificate: PathBuf,
        /// The path of the key's file.
        key: PathBuf,
    },
}
