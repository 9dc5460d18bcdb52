//! A wrong configuration: the command line names file and line, and nothing is served.

#![allow(clippy::expect_used)]

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::serve;
use tidegate_interop::process::{DEADLINE, Ended, Process};
use tidegate_interop::toolbox;

#[test]
fn an_unknown_field() {
    names_the_line("cores: 1\nnonsense: 2\n", 2, "nonsense");
}

#[test]
fn a_transport_that_does_not_exist() {
    let text = "listeners:\n  - name: a\n    transport: pigeon\n    address: 127.0.0.1:1883\n";
    names_the_line(text, 3, "pigeon");
}

#[test]
fn an_address_that_is_none() {
    let text = "listeners:\n  - name: a\n    transport: tcp\n    address: nowhere\n";
    names_the_line(text, 4, "nowhere");
}

#[test]
fn a_certificate_that_is_not_there() {
    let text = "listeners:\n  - name: a\n    transport: tls\n    address: 127.0.0.1:8883\n    tls:\n      certificate: missing.pem\n      key: missing.key\n";
    names_the_line(text, 6, "missing.pem");
}

#[test]
fn a_name_twice() {
    let listener = |port| format!("  - name: a\n    transport: tcp\n    address: 127.0.0.1:{port}\n");
    names_the_line(&format!("listeners:\n{}{}", listener(1883), listener(1884)), 5, "a");
}

#[test]
fn a_number_out_of_range() {
    names_the_line("session:\n  receive_maximum: 70000\n", 2, "70000");
}

#[test]
fn text_that_is_no_yaml() {
    names_the_line("cores: 1\nlisteners: [\n", 2, "");
}

/// Both commands that read a file say `FILE:LINE:` and what they found there.
fn names_the_line(text: &str, line: usize, found: &str) {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("wrong.yaml");
    fs::write(&file, text).expect("a file");
    let mut check = Command::new(toolbox::broker());
    check.arg("check").arg("--config").arg(&file);
    let runs =
        [Process::start("tidegate check", &mut check), serve(Some(&file), &folder.path().join("data"))];
    let place = format!("{}:{line}:", file.display());
    for run in runs {
        let Ended { status, errors, .. } = run.end_within(DEADLINE);
        assert_eq!(status.code(), Some(2), "{errors:?}");
        let said = errors.iter().any(|said| said.starts_with(&place) && said.contains(found));
        assert!(said, "no line begins with {place} and names {found}: {errors:#?}");
    }
}
