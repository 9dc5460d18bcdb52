//! Reads a certificate and its key from PEM files, and checks that they match.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TlsFiles;

/// The reason why a certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file could not be read.
    #[error("{}: {source}, expected a PEM file with the {what}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// A file contains no certificate or key, or a damaged one.
    #[error("{}: contains no valid {what}, expected a PEM file with the {what}", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
    },
    /// The key belongs to another certificate, or is of an unsupported kind.
    #[error("{}: does not match the certificate, expected the certificate's private key", file.display())]
    Mismatch {
        /// The key's file.
        file: PathBuf,
        /// The error from rustls.
        source: rustls::Error,
    },
}

impl TlsError {
    /// Whether the fault is in the key's file, not the certificate's.
    #[must_use]
    pub fn is_about_key(&self) -> bool {
        match self {
            Self::Unreadable { what, .. } | Self::NotPem { what, .. } => *what == KEY_LABEL,
            Self::Mismatch { .. } => true,
        }
    }
}

/// Reads a certificate with its intermediates, and its private key.
///
/// # Errors
/// When a file is missing or damaged, or the key does not match the certificate.
pub fn certified_key(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let pem = read(certificate, CERTIFICATE_LABEL)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::NotPem { file: certificate.to_owned(), what: CERTIFICATE_LABEL })?;
    let parsed = chain.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    if parsed.is_none() {
        return Err(TlsError::NotPem { file: certificate.to_owned(), what: CERTIFICATE_LABEL });
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key, KEY_LABEL)?)
        .map_err(|_| TlsError::NotPem { file: key.to_owned(), what: KEY_LABEL })?;
    CertifiedKey::from_der(chain, private, &Arc::new(aws_lc_rs::default_provider()))
        .map_err(|source| TlsError::Mismatch { file: key.to_owned(), source })
}

/// Reads and checks a certificate and its key. Returns a warning if the certificate has expired or is not valid yet.
///
/// # Errors
/// When [`certified_key`] fails for these files.
pub fn check_certificate(files: &TlsFiles, now: SystemTime) -> Result<Option<String>, TlsError> {
    let certified = certified_key(&files.certificate, &files.key)?;
    Ok(validity_warning(&certified, &files.certificate, now))
}

/// Returns a warning if the certificate has expired or is not valid yet.
pub(super) fn validity_warning(certified: &CertifiedKey, file: &Path, now: SystemTime) -> Option<String> {
    let (_, leaf) = X509Certificate::from_der(certified.cert.first()?).ok()?;
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let now = i64::try_from(seconds).unwrap_or(i64::MAX);
    let validity = leaf.validity();
    let file = file.display();
    if validity.not_after.timestamp() < now {
        Some(format!("{file}: the certificate expired on {}", validity.not_after))
    } else if validity.not_before.timestamp() > now {
        Some(format!("{file}: the certificate is not valid before {}", validity.not_before))
    } else {
        None
    }
}

/// Returns a warning if users other than its owner can read the file of a private key. If root owns the file, its group
/// may read it: in this way, a service gets a key that it must not change.
pub(super) fn access_risk(key: &Path) -> Option<String> {
    let metadata = fs::metadata(key).ok()?;
    let allowed = if metadata.uid() == ROOT_UID { 0o740 } else { 0o700 };
    let mode = metadata.mode() & 0o777;
    let file = key.display();
    (mode & !allowed != 0).then(|| {
        format!("{file}: other users have access to this private key (mode {mode:04o}), expected mode 0600")
    })
}

fn read(file: &Path, what: &'static str) -> Result<Vec<u8>, TlsError> {
    fs::read(file).map_err(|source| TlsError::Unreadable { file: file.to_owned(), what, source })
}

const CERTIFICATE_LABEL: &str = "certificate";
const KEY_LABEL: &str = "private key";
const ROOT_UID: u32 = 0;
