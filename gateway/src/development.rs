//! The development certificate authority of a start without a file: made once, kept, remade when it ran out or broke.
//! Certificates of a real deployment are the configuration's concern.

mod authority;
mod files;
mod inspect;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing::{info, warn};

use authority::Authority;
use files::Files;

use crate::config::TlsFiles;

/// The files a client and a listener need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// The certificate of the authority: what clients trust.
    pub authority: PathBuf,
    /// The server's certificate, for the names `localhost`, `127.0.0.1` and `::1`.
    pub certificate: PathBuf,
    /// The private key of the server's certificate.
    pub key: PathBuf,
}

/// Why there is no development certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevelopmentError {
    /// A file or folder could not be made.
    #[error("{}: {source}", file.display())]
    Unwritable {
        /// The file or folder.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make a development certificate: {0}")]
    Generate(#[from] rcgen::Error),
}

impl Certificates {
    /// As a listener's configuration names them.
    #[must_use]
    pub fn tls_files(&self) -> TlsFiles {
        TlsFiles { certificate: self.certificate.clone().into(), key: self.key.clone().into() }
    }
}

/// Finds the certificates below `data`, or makes what is missing, broken, or about to run out at `now`.
///
/// A server certificate alone is remade under the same authority, so that clients that trust it go on.
///
/// # Errors
/// When files cannot be written or a certificate cannot be made.
pub fn certificates(data: &Path, now: SystemTime) -> Result<Certificates, DevelopmentError> {
    let files = Files::in_data_folder(data);
    let authority = match inspect::authority(&files, now) {
        Ok(authority) => authority,
        Err(reason) => {
            report(&reason, "authority", &files.authority);
            let authority = Authority::generate(now)?;
            files.write_authority(&authority)?;
            authority
        }
    };
    if let Err(reason) = inspect::server(&files, now) {
        report(&reason, "server certificate", &files.certificate);
        files.write_server(&authority.issue(now)?)?;
    }
    Ok(files.into_certificates())
}

fn report(reason: &inspect::Unusable, what: &str, file: &Path) {
    let file = file.display();
    match reason {
        inspect::Unusable::Missing => info!(%file, "made a development {what}"),
        reason => warn!(%file, %reason, "remade the development {what}"),
    }
}

#[cfg(test)]
mod tests;
