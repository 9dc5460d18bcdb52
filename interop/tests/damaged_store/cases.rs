//! Tests with one defined kind of damage each. Each test checks the error message and the advice in the message.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::serve;
use tidegate_interop::process::{EVENT_TIMEOUT, Process};

use crate::run::{self, Outcome};
use crate::sample::{Kind, Samples, copy_folder, write_subscription};

/// A data folder with a closed store, and a snapshot of it.
struct Setup {
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        let (folder, samples) = (TempDir::new().expect("a folder"), Samples::new());
        copy_folder(&samples.store(Kind::Closed), &folder.path().join("store"));
        fs::copy(samples.snapshot(), folder.path().join("snapshot")).expect("a snapshot");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Overwrites bytes of a file, from offset `at`.
    fn overwrite(&self, name: &str, at: u64, bytes: &[u8]) {
        let file = File::options().write(true).open(self.path(name)).expect("a file");
        file.write_all_at(bytes, at).expect("a file");
    }

    /// Runs `store check` on the store or on a snapshot. Returns its outcome and output.
    fn check(&self, option: &str, name: &str) -> (Outcome, String) {
        run("store check", &["store", "check"], &[(option, &self.path(name))])
    }

    fn restore(&self) -> (Outcome, String) {
        let (snapshot, target) = (self.path("snapshot"), self.path("restored"));
        run("restore", &["restore"], &[("", &snapshot), ("--data", &target)])
    }

    /// Starts a broker that must refuse the store. Returns its error output.
    fn start_refused_broker(&self) -> String {
        let exit = serve(None, self.folder.path()).wait_for_exit(EVENT_TIMEOUT);
        assert_eq!(run::check_outcome("serve", &exit), Outcome::Refused);
        exit.errors.join("\n")
    }
}

fn run(command_name: &str, arguments: &[&str], paths: &[(&str, &Path)]) -> (Outcome, String) {
    let exit = Process::run_tidegate(arguments, paths);
    let outcome = run::check_outcome(command_name, &exit);
    (outcome, [exit.output, exit.errors].concat().join("\n"))
}

fn assert_refused((outcome, text): (Outcome, String), wanted: &[&str]) {
    assert_eq!(outcome, Outcome::Refused, "{text}");
    wanted.iter().for_each(|wanted| assert!(text.contains(wanted), "{wanted:?}: {text}"));
}

#[test]
fn the_error_for_a_damaged_page_names_the_page_and_advises_a_restore() {
    let setup = Setup::new();
    let file = fs::read(setup.path("store/data.mdb")).expect("the data file");
    // Damages all pages after the two headers, because the test does not know which pages are in use.
    for page in 2..file.len() / 4096 {
        setup.overwrite("store/data.mdb", u64::try_from(page * 4096 + 10).expect("a number"), &[0x40]);
    }
    let wanted = ["data.mdb is damaged: page ", " has the wrong type; restore a snapshot"];
    assert_refused(setup.check("--data", ""), &wanted);
    let error = setup.start_refused_broker();
    wanted.iter().for_each(|wanted| assert!(error.contains(wanted), "{error}"));
}

#[test]
fn truncated_extended_and_altered_snapshots_are_refused() {
    let setup = Setup::new();
    let (snapshot, whole) = (setup.path("snapshot"), fs::read(setup.path("snapshot")).expect("a snapshot"));
    let mut altered = whole.clone();
    let payload = whole.windows(100).position(|bytes| bytes == [b'x'; 100]).expect("a payload");
    altered[payload] = b'y';
    let cut = whole.len() - 4096;
    for (bytes, wanted) in [
        (&whole[..cut], "needed"),
        (&[&whole[..], &[0; 4096]].concat(), "it is longer than it was written"),
        (&altered, "its content does not match its checksum"),
    ] {
        fs::write(&snapshot, bytes).expect("a snapshot");
        let wanted = ["snapshot is damaged: ", wanted, "use another snapshot"];
        assert_refused(setup.check("--file", "snapshot"), &wanted);
        assert_refused(setup.restore(), &wanted);
        assert!(!setup.path("restored/store/data.mdb").exists(), "nothing was restored");
    }
    fs::write(&snapshot, whole).expect("a snapshot");
    let (outcome, text) = setup.restore();
    assert!(outcome == Outcome::Accepted && !text.contains("checksum"), "{text}");
}

#[test]
fn a_snapshot_of_an_earlier_version_is_restored_with_a_note() {
    let setup = Setup::new();
    setup.overwrite("snapshot", 256, &[0; 32]);
    for (outcome, text) in [setup.check("--file", "snapshot"), setup.restore()] {
        assert!(outcome == Outcome::Accepted && text.contains("snapshot: it has no checksum"), "{text}");
    }
    let (outcome, text) = setup.check("--data", "restored");
    assert!(outcome == Outcome::Accepted && text.contains("OK"), "{text}");
}

#[test]
fn an_empty_data_file_is_refused() {
    let setup = Setup::new();
    fs::write(setup.path("store/data.mdb"), "").expect("a file");
    assert_refused(
        setup.check("--data", ""),
        &["data.mdb is empty", "restore a snapshot, or delete the file"],
    );
    assert!(setup.start_refused_broker().contains("data.mdb is empty"));
}

#[test]
fn a_folder_or_a_pipe_in_the_place_of_the_data_file_is_refused() {
    let setup = Setup::new();
    let file = setup.path("store/data.mdb");
    fs::remove_file(&file).expect("a file");
    fs::create_dir(&file).expect("a folder");
    assert_refused(setup.check("--data", ""), &["not a regular file"]);
    assert!(setup.start_refused_broker().contains("not a regular file"));
    fs::remove_dir(&file).expect("a folder");
    assert!(Command::new("mkfifo").arg(&file).status().is_ok_and(|status| status.success()));
    assert_refused(setup.check("--data", ""), &["not a regular file"]);
    assert_refused(setup.check("--file", "store/data.mdb"), &["not a regular file"]);
    assert!(setup.start_refused_broker().contains("not a regular file"));
}

#[test]
fn a_snapshot_with_a_foreign_page_size_is_refused() {
    let setup = Setup::new();
    setup.overwrite("snapshot", 256, &[0; 32]);
    for (page_size, wanted) in
        [(512_u32, "page size"), (8192, "LMDB"), (65_536, "page size"), (0, "page size")]
    {
        setup.overwrite("snapshot", 40, &page_size.to_ne_bytes());
        let (outcome, text) = setup.check("--file", "snapshot");
        assert_eq!(outcome, Outcome::Refused, "{text}");
        assert!(text.contains(wanted), "{page_size}: {text}");
    }
}

#[test]
fn an_impossible_subscription_identifier_is_refused_before_it_is_sent() {
    let setup = Setup::new();
    write_subscription(&setup.path("store"), u32::MAX);
    let wanted = "subscriptions is not valid: an impossible subscription identifier";
    assert_refused(setup.check("--data", ""), &[wanted]);
    let error = setup.start_refused_broker();
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn an_existing_file_is_not_overwritten_by_a_snapshot() {
    let setup = Setup::new();
    let (snapshot, data) = (setup.path("snapshot"), setup.folder.path());
    let before = fs::read(&snapshot).expect("a snapshot");
    let result = run("snapshot", &["snapshot"], &[("", &snapshot), ("--data", data)]);
    assert_refused(result, &["snapshot already exists", "choose another name"]);
    assert_eq!(fs::read(&snapshot).expect("a snapshot"), before);
}
