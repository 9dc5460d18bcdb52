//! Certificates created for one test run.

use std::path::PathBuf;
use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_RSA_SHA256, SignatureAlgorithm,
};
use tidegate_transports::client::ClientTls;
use tidegate_transports::tls::ServerMaterial;

pub struct Material {
    pub server: ServerMaterial,
    pub ca_file: PathBuf,
    pub chain: String,
    pub key: String,
}

pub static ECDSA: LazyLock<Material> =
    LazyLock::new(|| create_material("ecdsa", &rcgen::PKCS_ECDSA_P256_SHA256));
pub static RSA: LazyLock<Material> = LazyLock::new(|| create_material("rsa", &PKCS_RSA_SHA256));

impl Material {
    pub fn client_tls(&self) -> ClientTls {
        ClientTls { ca_files: vec![self.ca_file.clone()], ..ClientTls::default() }
    }
}

fn create_material(name: &str, algorithm: &'static SignatureAlgorithm) -> Material {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, format!("{name} authority"));
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate_for(algorithm).unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap();
    let ca_file = scratch_path(&format!("{name}-ca.pem"));
    std::fs::write(&ca_file, ca.pem()).unwrap();
    let (chain, key) = (certificate.pem(), key.serialize_pem());
    let server = ServerMaterial::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    Material { server, ca_file, chain, key }
}

/// Returns a file name that no other process uses.
pub fn scratch_path(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("tidegate-transports-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(name)
}
