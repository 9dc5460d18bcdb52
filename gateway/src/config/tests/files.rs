//! Certificate and key files that a configuration refers to.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::config::{load, tls};
use crate::development;

/// Loads a configuration with a TLS listener that refers to these files. Returns `OK` with the warnings, or the error.
fn load_with(folder: &Path, certificate: &str, key: &str) -> String {
    load_strict(folder, certificate, key, false)
}

fn load_strict(folder: &Path, certificate: &str, key: &str, strict: bool) -> String {
    let file = folder.join("tidegate.yaml");
    let text = format!(
        "strict: {strict}\nlisteners:\n  - name: tls\n    transport: tls\n    address: 127.0.0.1:0\n    tls:\n      \
         certificate: {certificate}\n      key: {key}\n"
    );
    fs::write(&file, text).unwrap();
    match load(&file) {
        Ok(loaded) => format!("OK {:?}", loaded.warnings),
        Err(error) => error.to_string(),
    }
    .replace(&format!("{}/", folder.display()), "")
}

#[test]
fn relative_paths_are_resolved_against_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    development::prepare_certificates(folder.path(), SystemTime::now()).unwrap();
    assert_eq!(load_with(folder.path(), "dev/server.pem", "dev/server.key"), "OK []");
}

#[test]
fn each_fault_of_a_certificate_or_key_file_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    development::prepare_certificates(folder.path(), SystemTime::now()).unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(folder.path().join("broken"), broken).unwrap();
    let cases = [
        (
            "missing.pem",
            "dev/server.key",
            "tidegate.yaml:7:20: missing.pem: No such file or directory (os error 2), expected a PEM file with the certificate",
        ),
        (
            "empty",
            "dev/server.key",
            "tidegate.yaml:7:20: empty: contains no valid certificate, expected a PEM file with the certificate",
        ),
        (
            "broken",
            "dev/server.key",
            "tidegate.yaml:7:20: broken: contains no valid certificate, expected a PEM file with the certificate",
        ),
        (
            "dev/server.pem",
            "missing.key",
            "tidegate.yaml:8:12: missing.key: No such file or directory (os error 2), expected a PEM file with the private key",
        ),
        (
            "dev/server.pem",
            "dev/server.pem",
            "tidegate.yaml:8:12: dev/server.pem: contains no valid private key, expected a PEM file with the private key",
        ),
        (
            "dev/server.pem",
            "dev/ca.key",
            "tidegate.yaml:8:12: dev/ca.key: does not match the certificate, expected the certificate's private key",
        ),
    ];
    for (certificate, key, expected) in cases {
        assert_eq!(load_with(folder.path(), certificate, key), expected, "{certificate} {key}");
    }
}

#[test]
fn a_certificate_outside_its_validity_period_gives_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let made = development::prepare_certificates(folder.path(), now).unwrap();
    let certified = tls::certified_key(&made.certificate, &made.key).unwrap();
    let warning = |time| tls::validity_warning(&certified, "server.pem".as_ref(), time);
    let day = Duration::from_secs(86_400);
    assert_eq!(warning(now), None);
    assert!(warning(now + 400 * day).unwrap().starts_with("server.pem: the certificate expired on "));
    assert!(
        warning(now - 400 * day).unwrap().starts_with("server.pem: the certificate is not valid before ")
    );
}

#[test]
fn a_key_that_other_users_can_read_gives_a_warning_or_with_strict_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let made = development::prepare_certificates(folder.path(), SystemTime::now()).unwrap();
    let with_mode = |mode, strict| {
        fs::set_permissions(&made.key, fs::Permissions::from_mode(mode)).unwrap();
        load_strict(folder.path(), "dev/server.pem", "dev/server.key", strict)
    };
    let text = |mode| {
        format!(
            "dev/server.key: other users have access to this private key (mode {mode}), expected mode 0600"
        )
    };
    for mode in [0o600, 0o400] {
        assert_eq!(with_mode(mode, true), "OK []", "{mode:o}");
    }
    assert_eq!(with_mode(0o644, false), format!("OK [\"{}\"]", text("0644")));
    assert_eq!(with_mode(0o644, true), format!("tidegate.yaml:8:12: {}", text("0644")));
    assert_eq!(with_mode(0o660, true), format!("tidegate.yaml:8:12: {}", text("0660")));
    // The group may read a key that belongs to root.
    let is_root = fs::metadata(&made.key).unwrap().uid() == 0;
    assert_eq!(with_mode(0o640, true) == "OK []", is_root);
}
