//! Runs the workload under the recorder, and reads the events that it recorded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use tidegate_persistence::{Disk, Durability};

use super::workload;
use crate::watch::Watch;

/// A system call of the workload on a file.
#[derive(Clone, Debug)]
pub struct Event {
    /// `W` write, `P` write of a meta page, `D` write that is synced, `S` sync, `T` change of length, `M` mark.
    pub call: u8,
    /// `d` data file, `a` sync point, `m` marks.
    pub file: u8,
    pub offset: usize,
    pub bytes: Vec<u8>,
}

/// A finished run of the workload.
pub struct Recording {
    pub folder: TempDir,
    /// The data file before the run.
    pub base: Vec<u8>,
    pub events: Vec<Event>,
}

/// The settings of a run.
#[derive(Default)]
pub struct Setting {
    /// Milliseconds between syncs; `None` syncs each commit.
    pub interval: Option<&'static str>,
    /// The system call that fails, and how, in the syntax of `recorder.c`.
    pub fault: Option<&'static str>,
}

/// Runs the workload on a new store.
pub fn record(setting: &Setting) -> Recording {
    let folder = memory_folder();
    let config = workload::config(folder.path(), Durability::Always);
    drop(Disk::open(&config, std::sync::Arc::<Watch>::default()).unwrap());
    let base = fs::read(config.folder.join("data.mdb")).unwrap();
    let (log, boot_id) = (folder.path().join("log"), folder.path().join("boot_id"));
    fs::write(&boot_id, "another start of the machine").unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::workload::workload", "--ignored", "--test-threads=1"]);
    command.env("LD_PRELOAD", library()).env("RECORDER_LOG", &log);
    if setting.fault.is_none() {
        command.env("RECORDER_BOOT_ID", boot_id);
    }
    command.env("WORKLOAD_FOLDER", folder.path());
    command.envs(setting.interval.map(|interval| ("WORKLOAD_INTERVAL", interval)));
    command.envs(setting.fault.map(|fault| ("RECORDER_FAULT", fault)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let events = parse(&fs::read(log).unwrap());
    Recording { folder, base, events }
}

impl Recording {
    /// Returns the lines of the file `marks`.
    pub fn marks(&self) -> Vec<String> {
        fs::read_to_string(self.folder.path().join("marks")).unwrap().lines().map(str::to_owned).collect()
    }

    /// Returns the number of batches whose commit was recorded before the sync point was last saved.
    pub fn batches_at_last_sync_point(&self) -> usize {
        let last = self.events.iter().rposition(|event| (event.file, event.call) == (b'a', b'S')).unwrap();
        self.events[..last].iter().filter(|event| event.call == b'M').count()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("store/data.mdb")
    }
}

/// Creates a temporary folder, in memory if possible, because thousands of images are written.
pub fn memory_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

/// Returns the path of the recorder library, which is compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("recorder.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/crash/recorder.c");
        let flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"];
        let status = Command::new("cc").args(flags).arg(&path).arg(source).arg("-ldl").status();
        assert!(status.expect("a C compiler").success());
        (folder, path)
    });
    path
}

fn parse(mut log: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some((head, rest)) = log.split_first_chunk::<18>() {
        let number = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().unwrap()) as usize;
        let (bytes, rest) = rest.split_at(number(10));
        events.push(Event { call: head[0], file: head[1], offset: number(2), bytes: bytes.to_vec() });
        log = rest;
    }
    assert!(log.is_empty() && events.len() > 20, "{} events", events.len());
    events
}
