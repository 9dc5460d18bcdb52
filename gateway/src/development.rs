//! The development certificate authority, for a broker started without a configuration file. The authority is created
//! once, reused, and replaced when it expires or is damaged. Deployments name their certificates in the configuration.

mod authority;
mod files;
mod inspect;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tidegate_persistence::{AccessError, check_access};
use tracing::{info, warn};

use authority::Authority;
use files::Files;

use crate::config::TlsFiles;

/// The files that a client and a listener need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// The authority's certificate, which clients must trust.
    pub authority: PathBuf,
    /// The server's certificate, for `localhost`, `127.0.0.1` and `::1`.
    pub certificate: PathBuf,
    /// The private key of the server's certificate.
    pub key: PathBuf,
}

/// The reason why the development certificate could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevelopmentError {
    /// A file or folder could not be created.
    #[error("cannot write {}: {source}", file.display())]
    Unwritable {
        /// The file or folder.
        file: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The folder or a private key belongs to another user.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A certificate could not be generated.
    #[error("cannot generate a development certificate: {0}")]
    Generate(#[from] rcgen::Error),
}

impl Certificates {
    /// Returns the certificate and key for a listener's configuration.
    #[must_use]
    pub fn tls_files(&self) -> TlsFiles {
        TlsFiles { certificate: self.certificate.clone().into(), key: self.key.clone().into() }
    }
}

/// Returns the certificates in the data folder. Creates those that are missing, damaged, or about to expire at `now`.
///
/// A new server certificate is signed by the existing authority, so that clients that trust the authority can still
/// connect.
///
/// # Errors
/// When files cannot be written or belong to another user, or a certificate cannot be generated.
pub fn prepare_certificates(data: &Path, now: SystemTime) -> Result<Certificates, DevelopmentError> {
    let files = Files::in_data_folder(data);
    for path in [&files.folder, &files.authority_key, &files.key] {
        check_access(path)?;
    }
    let authority = match inspect::load_authority(&files, now) {
        Ok(authority) => authority,
        Err(reason) => {
            report(&reason, "authority", &files.authority);
            let authority = Authority::generate(now)?;
            files.write_authority(&authority)?;
            authority
        }
    };
    if let Err(reason) = inspect::check_server(&files, now) {
        report(&reason, "server certificate", &files.certificate);
        files.write_server(&authority.issue(now)?)?;
    }
    Ok(files.into_certificates())
}

/// Returns the paths of the development certificate and its key in the data folder, whether or not they exist.
#[must_use]
pub fn certificate_paths(data: &Path) -> TlsFiles {
    Files::in_data_folder(data).into_certificates().tls_files()
}

fn report(reason: &inspect::Unusable, what: &str, file: &Path) {
    let file = file.display();
    match reason {
        inspect::Unusable::Missing => info!(%file, "created a development {what}"),
        reason => warn!(%file, %reason, "replaced the development {what}"),
    }
}

#[cfg(test)]
mod tests;
