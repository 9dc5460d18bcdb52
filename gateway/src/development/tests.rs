//! The development certificates are created, reused, and replaced when necessary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::files::Files;
use super::{Certificates, inspect, prepare_certificates};

const DAY: Duration = Duration::from_secs(86_400);

/// Returns the contents of the authority's certificate, the server's certificate, and the server's key.
fn contents(certificates: &Certificates) -> [String; 3] {
    [&certificates.authority, &certificates.certificate, &certificates.key]
        .map(|file| fs::read_to_string(file).unwrap())
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_creates_certificates_and_keys_only_the_owner_can_read() {
    let data = tempfile::tempdir().unwrap();
    let made = prepare_certificates(data.path(), SystemTime::now()).unwrap();
    assert_eq!(made.authority, data.path().join("dev/ca.pem"));
    assert_eq!(mode(&made.key), 0o600);
    assert_eq!(mode(&data.path().join("dev/ca.key")), 0o600);
    assert_eq!(mode(&data.path().join("dev")), 0o700);
    let [authority, server, _] = contents(&made);
    assert_eq!(authority.matches("BEGIN CERTIFICATE").count(), 1);
    assert!(server.ends_with(&authority), "the chain ends with the authority");
}

#[test]
fn later_starts_reuse_the_certificates() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let before = contents(&prepare_certificates(data.path(), now).unwrap());
    let after = contents(&prepare_certificates(data.path(), now + 300 * DAY).unwrap());
    assert_eq!(before, after);
}

#[test]
fn an_expiring_server_certificate_is_renewed_under_the_same_authority() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let before = contents(&prepare_certificates(data.path(), now).unwrap());
    let after = contents(&prepare_certificates(data.path(), now + 370 * DAY).unwrap());
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    assert_ne!(before[2], after[2]);
}

#[test]
fn an_expiring_authority_is_renewed_with_its_server_certificate() {
    let data = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let before = contents(&prepare_certificates(data.path(), now).unwrap());
    let later = now + 3_300 * DAY;
    let after = contents(&prepare_certificates(data.path(), later).unwrap());
    assert_ne!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    assert_eq!(
        after,
        contents(&prepare_certificates(data.path(), later).unwrap()),
        "the new ones are reused"
    );
}

#[test]
fn a_damaged_file_is_replaced() {
    for (file, text) in
        [("ca.pem", "rubbish"), ("ca.key", ""), ("server.pem", "rubbish"), ("server.key", "x")]
    {
        let data = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let before = contents(&prepare_certificates(data.path(), now).unwrap());
        fs::write(data.path().join("dev").join(file), text).unwrap();
        let after = contents(&prepare_certificates(data.path(), now).unwrap());
        assert_ne!(before[1], after[1], "{file}");
        assert_eq!(before[0] == after[0], file.starts_with("server"), "{file}");
        assert_eq!(
            after,
            contents(&prepare_certificates(data.path(), now).unwrap()),
            "{file}: the new ones are reused"
        );
    }
}

#[test]
fn a_missing_or_mismatched_key_is_replaced() {
    let data = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let before = contents(&prepare_certificates(data.path(), now).unwrap());
    let foreign = contents(&prepare_certificates(other.path(), now).unwrap());
    fs::write(data.path().join("dev/server.key"), &foreign[2]).unwrap();
    let after = contents(&prepare_certificates(data.path(), now).unwrap());
    assert_eq!(before[0], after[0]);
    assert_ne!(after[2], foreign[2]);
    assert_eq!(mode(&data.path().join("dev/server.key")), 0o600);
    fs::remove_file(data.path().join("dev/ca.key")).unwrap();
    assert_ne!(after[0], contents(&prepare_certificates(data.path(), now).unwrap())[0]);
}

#[test]
fn the_error_names_a_folder_that_cannot_be_created() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("dev"), "a file").unwrap();
    let error = prepare_certificates(data.path(), SystemTime::now()).unwrap_err().to_string();
    let expected = format!("cannot write {}", data.path().join("dev").display());
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn a_server_certificate_of_another_authority_is_unusable() {
    let now = SystemTime::now();
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = prepare_certificates(one.path(), now).unwrap();
    let foreign = prepare_certificates(other.path(), now).unwrap();
    fs::copy(foreign.authority, made.authority).unwrap();
    fs::copy(other.path().join("dev/ca.key"), one.path().join("dev/ca.key")).unwrap();
    let unusable = inspect::check_server(&Files::in_data_folder(one.path()), now).unwrap_err().to_string();
    assert_eq!(unusable, "it is damaged: invalid peer certificate: UnknownIssuer");
}
