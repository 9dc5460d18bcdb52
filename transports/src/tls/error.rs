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
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        fault: io::Error,
    },
    /// The file is not PEM, or a block in it is broken.
    #[error("{} is not valid PEM: {fault}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is broken.
        fault: pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{} holds no certificate (no BEGIN CERTIFICATE)", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no key of a supported kind in the file.
    #[error("{} holds no unencrypted private key (PKCS#8, PKCS#1 or SEC1)", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The certificate cannot be parsed.
    #[error("the certificate in {} cannot be used: {fault}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: rustls::Error,
    },
    /// The key cannot be loaded.
    #[error("the private key in {} cannot be used: {fault}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: rustls::Error,
    },
    /// The key does not match the certificate.
    #[error("the private key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}
