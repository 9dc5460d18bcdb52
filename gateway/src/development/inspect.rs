//! Checks whether the existing certificates can still be used.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::{Authority, SERVER_NAMES};
use super::files::Files;
use crate::config::certified_key;

/// The reason why a certificate must be replaced.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file does not exist.
    #[error("it does not exist")]
    Missing,
    /// The file cannot be read, or its key does not match.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The certificate has expired, or expires soon.
    #[error("it has expired or expires soon")]
    Expiring,
}

/// Loads the authority, if it stays valid for at least the lifetime of a server certificate.
pub fn load_authority(files: &Files, now: SystemTime) -> Result<Authority, Unusable> {
    let pem = read(&files.authority)?;
    let key = read(&files.authority_key)?;
    certified_key(&files.authority, &files.authority_key)
        .map_err(|error| Unusable::Damaged(error.to_string()))?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|error| Unusable::Damaged(error.to_string()))?;
    let (_, certificate) =
        X509Certificate::from_der(&der).map_err(|error| Unusable::Damaged(error.to_string()))?;
    if certificate.validity().not_after.timestamp() < seconds_since_epoch(now + AUTHORITY_RENEWAL) {
        return Err(Unusable::Expiring);
    }
    Authority::from_pem(pem, &key).map_err(|error| Unusable::Damaged(error.to_string()))
}

/// Checks that the server certificate is signed by the authority, covers all names, and does not expire soon.
pub fn check_server(files: &Files, now: SystemTime) -> Result<(), Unusable> {
    read(&files.key)?;
    read(&files.certificate)?;
    let certified = certified_key(&files.certificate, &files.key)
        .map_err(|error| Unusable::Damaged(error.to_string()))?;
    let verifier = verifier(&files.authority)?;
    let Some((leaf, intermediates)) = certified.cert.split_first() else { return Err(Unusable::Missing) };
    let then = (now + SERVER_RENEWAL).duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    for name in SERVER_NAMES {
        let name = ServerName::try_from(name).map_err(|error| Unusable::Damaged(error.to_string()))?;
        let then = UnixTime::since_unix_epoch(then);
        verifier.verify_server_cert(leaf, intermediates, &name, &[], then).map_err(to_unusable)?;
    }
    Ok(())
}

fn verifier(authority: &Path) -> Result<Arc<WebPkiServerVerifier>, Unusable> {
    let damaged = |error: &dyn ToString| Unusable::Damaged(error.to_string());
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(authority).map_err(|error| damaged(&error))?;
    roots.add(root).map_err(|error| damaged(&error))?;
    WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::new(aws_lc_rs::default_provider()))
        .build()
        .map_err(|error| damaged(&error))
}

fn to_unusable(error: rustls::Error) -> Unusable {
    use rustls::{CertificateError, Error};
    match error {
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Unusable::Expiring
        }
        error => Unusable::Damaged(error.to_string()),
    }
}

fn read(file: &Path) -> Result<String, Unusable> {
    fs::read_to_string(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unusable::Missing,
        _ => Unusable::Damaged(error.to_string()),
    })
}

fn seconds_since_epoch(time: SystemTime) -> i64 {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// Remaining lifetime below which an authority is replaced, because it must outlive every server certificate it issues.
const AUTHORITY_RENEWAL: Duration = Duration::from_secs(398 * 86_400);
/// Remaining lifetime below which a server certificate is replaced when the broker starts.
const SERVER_RENEWAL: Duration = Duration::from_secs(30 * 86_400);
