//! If the store cannot be opened at startup, the broker exits with one error that names the path and the reason. The
//! broker leaves the data file unchanged.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tidegate_interop::broker::{Broker, serve_with_launch, wait_until_ready};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::disk_faults::{Fault, FaultyDisk};
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::process::{EVENT_TIMEOUT, Process};
use tidegate_interop::toolbox;

/// A temporary folder with a configuration and a data folder for a broker.
struct BrokerFolder {
    folder: TempDir,
}

impl BrokerFolder {
    /// Creates a folder whose data file contains `bytes`.
    fn with_data(bytes: &[u8]) -> Self {
        let broker_folder = Self::empty();
        fs::create_dir_all(broker_folder.store_folder()).expect("a folder");
        fs::write(broker_folder.data_file(), bytes).expect("a file");
        broker_folder
    }

    /// Creates a folder without a store.
    fn empty() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Certificate::create(folder.path());
        let config = Config::every_transport().with("persistence:\n  durability: always\n");
        fs::write(folder.path().join("tidegate.yaml"), config.yaml(&certificate)).expect("a file");
        fs::create_dir(folder.path().join("data")).expect("a folder");
        Self { folder }
    }

    fn store_folder(&self) -> PathBuf {
        self.folder.path().join("data/store")
    }

    fn data_file(&self) -> PathBuf {
        self.store_folder().join("data.mdb")
    }

    fn serve(&self, launch_options: &LaunchOptions) -> Process {
        let folder = self.folder.path();
        serve_with_launch(launch_options, Some(&folder.join("tidegate.yaml")), &folder.join("data"))
    }

    /// Starts a broker; it has to fail with a single error that contains the path and the reason.
    fn assert_start_fails(&self, path: &Path, reason: &str) {
        self.assert_start_fails_with_launch(&LaunchOptions::default(), path, reason);
    }

    fn assert_start_fails_with_launch(&self, launch_options: &LaunchOptions, path: &Path, reason: &str) {
        let process = self.serve(launch_options);
        let exit = process.wait_for_exit(EVENT_TIMEOUT);
        assert!(!exit.status.success(), "the broker started: {:#?}", exit.errors);
        let error_lines: Vec<_> =
            exit.errors.iter().filter(|line| line.contains("\"level\":\"ERROR\"")).collect();
        let [error] = &error_lines[..] else { panic!("expected one error: {:#?}", exit.errors) };
        assert!(error.contains(&*path.to_string_lossy()), "{} is not in the error: {error}", path.display());
        assert!(error.contains(reason), "the error does not contain `{reason}`: {error}");
        assert!(!exit.errors.iter().any(|line| line.contains("panicked at")), "{:#?}", exit.errors);
    }

    /// Starts a broker; it has to fail with an error about the data file, and leave the file unchanged.
    fn assert_start_fails_on_data_file(&self, reason: &str) {
        self.assert_data_file_unchanged(|| self.assert_start_fails(&self.data_file(), reason));
    }

    fn assert_data_file_unchanged(&self, work: impl FnOnce()) {
        let before = fs::read(self.data_file()).expect("the file");
        work();
        assert!(fs::read(self.data_file()).expect("the file") == before, "the file was changed");
    }
}

/// Returns the contents of a valid, non-empty data file with schema version 1.
fn valid_store() -> Vec<u8> {
    fs::read(toolbox::workspace().join("persistence/tests/fixtures/schema-1.mdb")).expect("the fixture")
}

/// Returns the offsets of `word` in the data file. Panics if there are none.
fn positions(bytes: &[u8], word: &[u8]) -> Vec<usize> {
    let words = bytes.windows(word.len()).enumerate();
    let positions: Vec<_> = words.filter(|(_, found)| *found == word).map(|(at, _)| at).collect();
    assert!(!positions.is_empty(), "the fixture does not contain {}", String::from_utf8_lossy(word));
    positions
}

#[test]
fn a_valid_store_starts() {
    let broker_folder = BrokerFolder::with_data(&valid_store());
    wait_until_ready(&broker_folder.serve(&LaunchOptions::default()));
}

#[test]
fn a_truncated_data_file_is_reported() {
    BrokerFolder::with_data(&valid_store()[..20_000])
        .assert_start_fails_on_data_file("is truncated: 20000 bytes");
}

#[test]
fn a_header_of_zeros_is_reported() {
    let mut bytes = valid_store();
    bytes[..4096].fill(0);
    BrokerFolder::with_data(&bytes).assert_start_fails_on_data_file("no header of LMDB");
}

#[test]
fn a_data_file_in_another_format_is_reported() {
    BrokerFolder::with_data(&b"not a store. ".repeat(1000))
        .assert_start_fails_on_data_file("no header of LMDB");
}

#[test]
fn a_newer_schema_is_reported() {
    let mut bytes = valid_store();
    for at in positions(&bytes, b"schema\x01\0\0\0") {
        bytes[at + "schema".len()] = 9;
    }
    BrokerFolder::with_data(&bytes).assert_start_fails_on_data_file("schema 9");
}

#[test]
fn an_overwritten_page_is_reported() {
    let mut bytes = valid_store();
    bytes[2 * 4096..3 * 4096].fill(0xff);
    BrokerFolder::with_data(&bytes).assert_start_fails_on_data_file("is damaged: page ");
}

/// The test overwrites a byte of a topic filter, so that its text is no longer valid UTF-8.
#[test]
fn an_invalid_record_is_reported() {
    let mut bytes = valid_store();
    for at in positions(&bytes, b"$share/g/a/#") {
        bytes[at] = 0xff;
    }
    let broker_folder = BrokerFolder::with_data(&bytes);
    broker_folder.assert_start_fails(&broker_folder.data_file(), "is not valid");
}

#[test]
fn a_file_in_place_of_the_store_folder_is_reported() {
    let broker_folder = BrokerFolder::empty();
    fs::write(broker_folder.store_folder(), "a file").expect("a file");
    broker_folder.assert_start_fails(&broker_folder.store_folder(), "File exists");
    assert_eq!(fs::read(broker_folder.store_folder()).expect("the file"), b"a file");
}

#[test]
fn a_store_folder_without_permissions_is_reported() {
    let broker_folder = BrokerFolder::with_data(&valid_store());
    let mode = |mode| {
        fs::set_permissions(broker_folder.store_folder(), fs::Permissions::from_mode(mode)).expect("a mode")
    };
    mode(0o000);
    // The superuser can open the file regardless of its permissions.
    if File::open(broker_folder.data_file()).is_err() {
        broker_folder.assert_start_fails(&broker_folder.store_folder(), "Permission denied");
    }
    mode(0o700);
    assert!(fs::read(broker_folder.data_file()).expect("the file") == valid_store(), "the file was changed");
}

#[test]
fn a_store_in_use_by_another_broker_is_reported() {
    let broker = Broker::start_with(Config::every_transport().with("persistence:\n  durability: always\n"));
    let other = BrokerFolder::empty();
    // Starts a second broker with other ports on the same data folder.
    fs::remove_dir(other.folder.path().join("data")).expect("an empty folder");
    std::os::unix::fs::symlink(broker.file("data"), other.folder.path().join("data")).expect("a link");
    other.assert_data_file_unchanged(|| {
        other.assert_start_fails(&other.store_folder(), "is in use by another process")
    });
    broker.stop();
}

#[test]
fn a_full_disk_is_reported_when_creating_a_store() {
    let (broker_folder, disk) = (BrokerFolder::empty(), FaultyDisk::new());
    disk.fail_with(Fault::NoSpace);
    broker_folder.assert_start_fails_with_launch(
        &disk.launch_options(&broker_folder.store_folder()),
        &broker_folder.store_folder(),
        "No space left on device",
    );
    assert!(!broker_folder.data_file().exists(), "a partially created store is left");
    disk.recover();
    wait_until_ready(&broker_folder.serve(&disk.launch_options(&broker_folder.store_folder())));
}

#[test]
fn a_sync_error_at_startup_is_reported() {
    let (broker_folder, disk) = (BrokerFolder::with_data(&valid_store()), FaultyDisk::new());
    disk.fail_with(Fault::SyncError);
    broker_folder.assert_start_fails_with_launch(
        &disk.launch_options(&broker_folder.store_folder()),
        &broker_folder.data_file(),
        "Input/output error",
    );
    disk.recover();
    wait_until_ready(&broker_folder.serve(&disk.launch_options(&broker_folder.store_folder())));
}
