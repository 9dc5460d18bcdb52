//! Generates certificates: an authority that may sign only for local names, and server certificates signed by it.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, Error, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};

/// A certificate authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

/// A server's certificate chain and key, as PEM.
pub struct Server {
    /// The server's certificate, then the authority's.
    pub chain_pem: String,
    /// The server's private key.
    pub key_pem: String,
}

impl Authority {
    /// Generates an authority with a new key.
    pub fn generate(now: SystemTime) -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let mut params = base_params(&authority_name(&key), now, AUTHORITY_LIFETIME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(local_names_only());
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate_pem })
    }

    /// Loads an authority from PEM text.
    pub fn from_pem(certificate_pem: String, key_pem: &str) -> Result<Self, Error> {
        let key = KeyPair::from_pem(key_pem)?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key)?;
        Ok(Self { issuer, certificate_pem })
    }

    /// Issues a server certificate for [`SERVER_NAMES`], with a new key.
    pub fn issue(&self, now: SystemTime) -> Result<Server, Error> {
        let mut params = CertificateParams::new(SERVER_NAMES.map(str::to_owned))?;
        let base_params = base_params("localhost", now, SERVER_LIFETIME);
        params.distinguished_name = base_params.distinguished_name;
        params.not_before = base_params.not_before;
        params.not_after = base_params.not_after;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain_pem = format!("{}{}", certificate.pem(), self.certificate_pem);
        Ok(Server { chain_pem, key_pem: key.serialize_pem() })
    }

    /// Returns the authority's certificate.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Returns the authority's private key.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }
}

fn base_params(name: &str, now: SystemTime, lifetime: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::OrganizationName, "Tidegate");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + lifetime).into();
    params
}

/// Returns the name of an authority, which is different for each key. A client that trusts another development
/// authority then reports an unknown issuer instead of an invalid signature.
fn authority_name(key: &KeyPair) -> String {
    let digits = key.public_key_raw().iter().skip(1).take(4).map(|byte| format!("{byte:02x}"));
    format!("Tidegate development authority {}", digits.collect::<String>())
}

/// Restricts the authority to local names. If its key leaks, it cannot be used against other connections of the clients
/// that trust the authority.
fn local_names_only() -> NameConstraints {
    let permitted_subtrees = vec![
        GeneralSubtree::DnsName("localhost".to_owned()),
        GeneralSubtree::IpAddress(CidrSubnet::V4([127, 0, 0, 0], [255, 0, 0, 0])),
        GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128)),
    ];
    NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() }
}

/// The names in the server certificate.
pub const SERVER_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const DAY: Duration = Duration::from_secs(86_400);
/// Time by which the validity of a certificate begins before its creation, for clients whose clock is behind.
const CLOCK_SKEW: Duration = DAY;
/// Ten years, so that developers import the authority only once.
const AUTHORITY_LIFETIME: Duration = Duration::from_secs(3_650 * DAY.as_secs());
/// Browsers and operating systems refuse server certificates that are valid for more than 398 days.
const SERVER_LIFETIME: Duration = Duration::from_secs(397 * DAY.as_secs() - CLOCK_SKEW.as_secs());
