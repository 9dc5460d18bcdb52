//! A certificate authority for one test, and a server certificate for `localhost` signed by it, as PEM files.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// The paths of the PEM files of one certificate authority and one server certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The authority's certificate, which clients trust.
    pub authority: PathBuf,
    /// The broker's certificate.
    pub certificate: PathBuf,
    /// The broker's private key.
    pub key: PathBuf,
}

impl Certificate {
    /// Creates the authority and the server certificate and writes them into `folder`.
    #[must_use]
    pub fn create(folder: &Path) -> Self {
        let authority_key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "tidegate test authority");
        let root = authority.self_signed(&authority_key).expect("an authority");
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate().expect("a key");
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let mut leaf = CertificateParams::new(names).expect("names of the server");
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.use_authority_key_identifier_extension = true;
        let signed = leaf.signed_by(&key, &issuer).expect("a certificate");

        Self {
            authority: write_pem(folder, "ca.pem", &root.pem()),
            certificate: write_pem(folder, "server.pem", &signed.pem()),
            key: write_pem(folder, "server.key", &key.serialize_pem()),
        }
    }
}

/// Writes a PEM file into `folder` and returns its path. Only the owner can read the file, as the broker requires for
/// private keys.
fn write_pem(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("a PEM file");
    path
}
