//! Tests that `tidegate check` and `tidegate serve` print an error with file and line, and exit with code 2, if the
//! configuration is invalid.

#![allow(clippy::expect_used)]

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::serve;
use tidegate_interop::process::{EVENT_TIMEOUT, Process, ProcessExit};
use tidegate_interop::toolbox;

#[test]
fn an_unknown_field_is_reported() {
    assert_error_names_line("cores: 1\nnonsense: 2\n", 2, "nonsense");
}

#[test]
fn an_unknown_transport_is_reported() {
    let text = "listeners:\n  - name: a\n    transport: pigeon\n    address: 127.0.0.1:1883\n";
    assert_error_names_line(text, 3, "pigeon");
}

#[test]
fn an_invalid_address_is_reported() {
    let text = "listeners:\n  - name: a\n    transport: tcp\n    address: nowhere\n";
    assert_error_names_line(text, 4, "nowhere");
}

#[test]
fn a_missing_certificate_is_reported() {
    let text = "listeners:\n  - name: a\n    transport: tls\n    address: 127.0.0.1:8883\n    tls:\n      certificate: missing.pem\n      key: missing.key\n";
    assert_error_names_line(text, 6, "missing.pem");
}

#[test]
fn a_duplicate_listener_name_is_reported() {
    let listener = |port| format!("  - name: a\n    transport: tcp\n    address: 127.0.0.1:{port}\n");
    assert_error_names_line(&format!("listeners:\n{}{}", listener(1883), listener(1884)), 5, "a");
}

#[test]
fn a_number_out_of_range_is_reported() {
    assert_error_names_line("session:\n  receive_maximum: 70000\n", 2, "70000");
}

#[test]
fn invalid_yaml_is_reported() {
    assert_error_names_line("cores: 1\nlisteners: [\n", 2, "");
}

/// Runs `tidegate check` and `tidegate serve` on a configuration file that contains `text`. Checks that each command
/// prints an error that begins with `FILE:LINE:` and contains `expected`.
fn assert_error_names_line(text: &str, line: usize, expected: &str) {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("wrong.yaml");
    fs::write(&file, text).expect("a file");
    let mut check = Command::new(toolbox::broker());
    check.arg("check").arg("--config").arg(&file);
    let processes =
        [Process::start("tidegate check", &mut check), serve(Some(&file), &folder.path().join("data"))];
    let prefix = format!("{}:{line}:", file.display());
    for process in processes {
        let ProcessExit { status, errors, .. } = process.wait_for_exit(EVENT_TIMEOUT);
        assert_eq!(status.code(), Some(2), "{errors:?}");
        let is_reported = errors.iter().any(|error| error.starts_with(&prefix) && error.contains(expected));
        assert!(is_reported, "no error begins with {prefix} and contains {expected}: {errors:#?}");
    }
}
