//! TLS 1.2 and 1.3, ECDSA and RSA keys, ALPN, and errors in the operator's certificate and key files.

use std::path::Path;
use std::sync::Arc;

use rustls::version::{TLS12, TLS13};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tidegate_transports::tls::ServerMaterial;
use tidegate_transports::{Endpoint, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::material::{ECDSA, Material, RSA, scratch_path};
use crate::server::{EchoServer, config, serve_with, with_timeout};

fn serve_material(material: &Material) -> EchoServer {
    let mut config = config(Transport::Tls);
    if let Endpoint::Tls { material: own, .. } = &mut config.endpoint {
        *own = material.server.clone();
    }
    serve_with(config, Default::default())
}

async fn exchange_hello(
    server: &EchoServer,
    material: &Material,
    version: &'static rustls::SupportedProtocolVersion,
    protocols: &[&[u8]],
) -> std::io::Result<Option<Vec<u8>>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&material.ca_file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let socket = TcpStream::connect(server.address.unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
    stream.write_all(b"hello").await?;
    let mut back = [0; 5];
    stream.read_exact(&mut back).await?;
    assert_eq!(&back, b"hello");
    Ok(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
}

#[tokio::test]
async fn tls_1_2_and_1_3_work_with_ecdsa_and_rsa_keys() {
    for material in [&*ECDSA, &*RSA] {
        let server = serve_material(material);
        for version in [&TLS12, &TLS13] {
            let protocol =
                with_timeout(exchange_hello(&server, material, version, &[b"mqtt"])).await.unwrap();
            assert_eq!(protocol.as_deref(), Some(b"mqtt".as_slice()));
        }
    }
}

#[tokio::test]
async fn a_client_may_omit_alpn_but_must_not_offer_only_other_protocols() {
    let server = serve_material(&ECDSA);
    assert_eq!(with_timeout(exchange_hello(&server, &ECDSA, &TLS13, &[])).await.unwrap(), None);
    let error = with_timeout(exchange_hello(&server, &ECDSA, &TLS13, &[b"spdy/1"])).await.unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
}

fn material_error(chain: &Path, key: &Path) -> String {
    ServerMaterial::from_pem_files(chain, key).unwrap_err().to_string()
}

#[test]
fn certificate_errors_name_the_faulty_file() {
    let write = |name: &str, text: &str| {
        let path = scratch_path(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let chain = write("chain.pem", &ECDSA.chain);
    let key = write("key.pem", &ECDSA.key);
    let both = write("both.pem", &format!("{}{}", ECDSA.chain, ECDSA.key));
    ServerMaterial::from_pem_files(&chain, &key).unwrap();
    ServerMaterial::from_pem_files(&both, &both).unwrap();

    let missing = scratch_path("missing.pem");
    assert!(material_error(&missing, &key).starts_with(&format!("cannot read {}", missing.display())));
    assert_eq!(
        material_error(&key, &key),
        format!("{} holds no certificate (no BEGIN CERTIFICATE)", key.display())
    );
    assert!(material_error(&chain, &chain).contains("chain.pem holds no unencrypted private key"));
    let other = write("other.pem", &RSA.key);
    assert!(material_error(&chain, &other).contains("other.pem does not belong to the certificate in"));
    let truncated = write("truncated.pem", &ECDSA.chain[..100]);
    assert!(material_error(&truncated, &key).contains("truncated.pem"));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let garbage = write("garbage.pem", garbage);
    assert!(
        material_error(&garbage, &key).contains("the certificate in"),
        "{}",
        material_error(&garbage, &key)
    );
    let bad_key = write("bad-key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assert!(
        material_error(&chain, &bad_key).contains("bad-key.pem cannot be used"),
        "{}",
        material_error(&chain, &bad_key)
    );
}

#[test]
fn debug_output_shows_no_private_key() {
    assert!(!format!("{:?}", ECDSA.server).to_lowercase().contains("key"));
}
