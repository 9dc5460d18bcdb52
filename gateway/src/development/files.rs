//! The paths of the certificate files, and writing them: atomically, and private keys readable by the owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tidegate_persistence::create_private_folder;

use super::authority::{Authority, Server};
use super::{Certificates, DevelopmentError};

/// The paths of the certificate files.
pub struct Files {
    /// The folder of the files.
    pub folder: PathBuf,
    /// The authority's certificate.
    pub authority: PathBuf,
    /// The authority's private key.
    pub authority_key: PathBuf,
    /// The server's certificate chain.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

impl Files {
    /// Returns the paths in the folder `dev` of the data folder.
    pub fn in_data_folder(data: &Path) -> Self {
        let folder = data.join("dev");
        Self {
            authority: folder.join("ca.pem"),
            authority_key: folder.join("ca.key"),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
            folder,
        }
    }

    /// Returns the files that clients and listeners need.
    pub fn into_certificates(self) -> Certificates {
        Certificates { authority: self.authority, certificate: self.certificate, key: self.key }
    }

    /// Writes an authority, replacing any previous one.
    pub fn write_authority(&self, authority: &Authority) -> Result<(), DevelopmentError> {
        self.write(&self.authority_key, &authority.key_pem(), OWNER_ONLY)?;
        self.write(&self.authority, authority.certificate_pem(), WORLD_READABLE)
    }

    /// Writes a server certificate, replacing any previous one.
    pub fn write_server(&self, server: &Server) -> Result<(), DevelopmentError> {
        self.write(&self.key, &server.key_pem, OWNER_ONLY)?;
        self.write(&self.certificate, &server.chain_pem, WORLD_READABLE)
    }

    fn write(&self, file: &Path, text: &str, mode: u32) -> Result<(), DevelopmentError> {
        create_private_folder(&self.folder)
            .map_err(|source| DevelopmentError::Unwritable { file: self.folder.clone(), source })?;
        replace(file, text, mode)
            .map_err(|source| DevelopmentError::Unwritable { file: file.to_owned(), source })
    }
}

/// Writes a new file and renames it to `file`. The content is never readable with the mode of an older file.
fn replace(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let new = file.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut writer = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    writer.write_all(text.as_bytes())?;
    writer.sync_all()?;
    fs::rename(&new, file)
}

const OWNER_ONLY: u32 = 0o600;
const WORLD_READABLE: u32 = 0o644;
