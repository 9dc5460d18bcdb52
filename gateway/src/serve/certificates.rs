//! Reloads the certificates of the listeners, from the files that the configuration named at the start.

use std::time::SystemTime;

use tidegate_transports::tls::MaterialError;
use tidegate_transports::{BindError, CertificateHandle};

use super::settings;
use crate::config::{self, Listener, TlsError};

/// The listeners that have a certificate.
#[derive(Debug, Default)]
pub(super) struct Certificates(Vec<(Listener, CertificateHandle)>);

impl Certificates {
    pub(super) fn add(&mut self, listener: &Listener, handle: CertificateHandle) {
        self.0.push((listener.clone(), handle));
    }

    /// Reloads the certificate of each listener. A listener gets its new certificate and key together, or keeps its old
    /// ones.
    pub(super) fn reload(&self, now: SystemTime) {
        if self.0.is_empty() {
            tracing::info!("no certificate to reload: no listener has one");
        }
        for (listener, handle) in &self.0 {
            let name = &**listener.name;
            match replace(listener, handle, now) {
                Ok(warning) => {
                    warning.iter().for_each(|warning| tracing::warn!(listener = name, "{warning}"));
                    tracing::info!(listener = name, "certificate reloaded; open connections continue");
                }
                Err(error) => tracing::error!(
                    listener = name,
                    %error,
                    "certificate not reloaded, the previous one stays in use: correct the files and send SIGHUP again"
                ),
            }
        }
    }
}

/// Replaces the certificate of one listener. Returns a warning if the new certificate is usable but not valid now.
fn replace(
    listener: &Listener,
    handle: &CertificateHandle,
    now: SystemTime,
) -> Result<Option<String>, ReloadError> {
    let warning = listener.tls.as_ref().map(|files| config::check_certificate(files, now)).transpose()?;
    handle.replace(&settings::server_material(listener)?)?;
    Ok(warning.flatten())
}

/// The reason why a certificate could not be reloaded.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error(transparent)]
    Files(#[from] TlsError),
    #[error(transparent)]
    Material(#[from] MaterialError),
    #[error(transparent)]
    Tls(#[from] BindError),
}
