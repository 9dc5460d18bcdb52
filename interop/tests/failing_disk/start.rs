//! A start on something that is no sound store of ours: it ends, one line names the file and the reason, and the file is as it
//! was.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tidegate_interop::broker::{Broker, serve_in, wait_until_ready};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::disk_faults::{Disk, Fault};
use tidegate_interop::process::{DEADLINE, Process};
use tidegate_interop::surroundings::Surroundings;
use tidegate_interop::toolbox;

/// A folder for a broker that does not start.
struct Start {
    folder: TempDir,
}

impl Start {
    /// With these bytes for a store.
    fn on(bytes: &[u8]) -> Self {
        let start = Self::on_nothing();
        fs::create_dir_all(start.store()).expect("a folder");
        fs::write(start.data(), bytes).expect("a file");
        start
    }

    fn on_nothing() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Certificate::create(folder.path());
        let config = Config::every_transport().with("persistence:\n  durability: always\n");
        fs::write(folder.path().join("tidegate.yaml"), config.yaml(&certificate)).expect("a file");
        fs::create_dir(folder.path().join("data")).expect("a folder");
        Self { folder }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("data/store")
    }

    fn data(&self) -> PathBuf {
        self.store().join("data.mdb")
    }

    fn serve(&self, surroundings: &Surroundings) -> Process {
        let folder = self.folder.path();
        serve_in(surroundings, Some(&folder.join("tidegate.yaml")), &folder.join("data"))
    }

    /// It ends with one error, which names the path and the reason.
    fn fails(&self, path: &Path, reason: &str) {
        self.fails_in(&Surroundings::default(), path, reason);
    }

    fn fails_in(&self, surroundings: &Surroundings, path: &Path, reason: &str) {
        let process = self.serve(surroundings);
        let ended = process.end_within(DEADLINE);
        assert!(!ended.status.success(), "it started: {:#?}", ended.errors);
        let told: Vec<_> = ended.errors.iter().filter(|line| line.contains("\"level\":\"ERROR\"")).collect();
        let [told] = &told[..] else { panic!("one error, not {:#?}", ended.errors) };
        assert!(told.contains(&*path.to_string_lossy()), "{} is not named: {told}", path.display());
        assert!(told.contains(reason), "the reason is not `{reason}`: {told}");
        assert!(!ended.errors.iter().any(|line| line.contains("panicked at")), "{:#?}", ended.errors);
    }

    /// The same about the data file, and that is as it was.
    fn fails_on_file(&self, reason: &str) {
        self.leaves_file(|| self.fails(&self.data(), reason));
    }

    fn leaves_file(&self, work: impl FnOnce()) {
        let before = fs::read(self.data()).expect("the file");
        work();
        assert!(fs::read(self.data()).expect("the file") == before, "the file was changed");
    }
}

/// A store with something in it, written by the first version of the schema.
fn sound() -> Vec<u8> {
    fs::read(toolbox::workspace().join("persistence/tests/fixtures/schema-1.mdb")).expect("the fixture")
}

/// Where a word stands in the fixture.
fn places(bytes: &[u8], word: &[u8]) -> Vec<usize> {
    let words = bytes.windows(word.len()).enumerate();
    let places: Vec<_> = words.filter(|(_, found)| *found == word).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the fixture has no {}", String::from_utf8_lossy(word));
    places
}

#[test]
fn a_sound_store_is_no_fault() {
    let start = Start::on(&sound());
    wait_until_ready(&start.serve(&Surroundings::default()));
}

#[test]
fn a_file_that_lost_its_end() {
    Start::on(&sound()[..20_000]).fails_on_file("is cut off: 20000 bytes");
}

#[test]
fn a_header_of_zeros() {
    let mut bytes = sound();
    bytes[..4096].fill(0);
    Start::on(&bytes).fails_on_file("no header of LMDB");
}

#[test]
fn something_else() {
    Start::on(&b"not a store. ".repeat(1000)).fails_on_file("no header of LMDB");
}

#[test]
fn a_newer_schema() {
    let mut bytes = sound();
    for at in places(&bytes, b"schema\x01\0\0\0") {
        bytes[at + "schema".len()] = 9;
    }
    Start::on(&bytes).fails_on_file("schema 9");
}

#[test]
fn a_page_of_something_else() {
    let mut bytes = sound();
    bytes[2 * 4096..3 * 4096].fill(0xff);
    Start::on(&bytes).fails_on_file("MDB_CORRUPTED");
}

/// What was the text of a filter is no text any more.
#[test]
fn a_record_that_is_not_valid() {
    let mut bytes = sound();
    for at in places(&bytes, b"$share/g/a/#") {
        bytes[at] = 0xff;
    }
    let start = Start::on(&bytes);
    start.fails(&start.data(), "is not valid");
}

#[test]
fn a_file_in_place_of_the_folder() {
    let start = Start::on_nothing();
    fs::write(start.store(), "a file").expect("a file");
    start.fails(&start.store(), "File exists");
    assert_eq!(fs::read(start.store()).expect("the file"), b"a file");
}

#[test]
fn a_folder_that_may_not_be_used() {
    let start = Start::on(&sound());
    let mode = |mode| fs::set_permissions(start.store(), fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o000);
    // For the superuser there is no such folder.
    if File::open(start.data()).is_err() {
        start.fails(&start.store(), "Permission denied");
    }
    mode(0o700);
    assert!(fs::read(start.data()).expect("the file") == sound(), "the file was changed");
}

#[test]
fn a_store_that_another_broker_has() {
    let broker = Broker::start_with(Config::every_transport().with("persistence:\n  durability: always\n"));
    let other = Start::on_nothing();
    // Other ports, the same data.
    fs::remove_dir(other.folder.path().join("data")).expect("an empty folder");
    std::os::unix::fs::symlink(broker.file("data"), other.folder.path().join("data")).expect("a link");
    other.leaves_file(|| other.fails(&other.store(), "belongs to another running process"));
    broker.stop();
}

#[test]
fn no_room_for_a_new_store() {
    let (start, disk) = (Start::on_nothing(), Disk::new());
    disk.fails(Fault::NoRoom);
    start.fails_in(&disk.below(&start.store()), &start.store(), "No space left on device");
    assert!(!start.data().exists(), "half a store");
    disk.works();
    wait_until_ready(&start.serve(&disk.below(&start.store())));
}

#[test]
fn a_sound_store_on_a_disk_that_does_not_sync() {
    let (start, disk) = (Start::on(&sound()), Disk::new());
    disk.fails(Fault::Syncs);
    start.fails_in(&disk.below(&start.store()), &start.data(), "Input/output error");
    disk.works();
    wait_until_ready(&start.serve(&disk.below(&start.store())));
}
