//! A disk that fails on command: a library in front of libc, loaded into the broker alone, and the file that commands it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::broker::Broker;
use crate::config::Config;
use crate::launch_options::LaunchOptions;
use crate::toolbox;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Writes, for there is no room.
    NoSpace,
    /// Writes, for the disk is broken.
    WriteError,
    /// Syncs, likewise.
    SyncError,
}

/// The command over the disk below a broker's store. Sockets, the log and all other files are not touched.
#[derive(Debug)]
pub struct FaultyDisk {
    folder: TempDir,
    library: PathBuf,
}

impl FaultyDisk {
    /// A disk that works, for now.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let library = compile(folder.path());
        let disk = Self { folder, library };
        disk.recover();
        disk
    }

    /// Starts a broker on such a disk.
    #[must_use]
    pub fn start_broker(config: Config) -> (Broker, Self) {
        let disk = Self::new();
        let broker =
            Broker::start_with_launch(config, |folder| disk.launch_options(&folder.join("data/store")));
        (broker, disk)
    }

    /// Puts the folder `store`, which may not be there yet, on this disk.
    #[must_use]
    pub fn launch_options(&self, store: &Path) -> LaunchOptions {
        LaunchOptions::default()
            .with_variable("LD_PRELOAD", &self.library)
            .with_variable("DISK_FAULT_FOLDER", canonical(store))
            .with_variable("DISK_FAULT_CONTROL", self.control_file())
    }

    /// From now on it fails.
    pub fn fail_with(&self, fault: Fault) {
        self.write_control(match fault {
            Fault::NoSpace => "write ENOSPC",
            Fault::WriteError => "write EIO",
            Fault::SyncError => "sync EIO",
        });
    }

    /// From now on it works.
    pub fn recover(&self) {
        self.write_control("");
    }

    /// Puts a whole new file in place of the former one, so that nobody reads half a word.
    fn write_control(&self, text: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, self.control_file()))
            .expect("a file to command by");
    }

    fn control_file(&self) -> PathBuf {
        self.folder.path().join("control")
    }
}

impl Default for FaultyDisk {
    fn default() -> Self {
        Self::new()
    }
}

/// The path as the system names it, which the library compares with: what is there already may have links.
fn canonical(path: &Path) -> PathBuf {
    let present = path.ancestors().find(|ancestor| ancestor.exists()).expect("a root");
    let rest = path.strip_prefix(present).expect("an ancestor");
    let present = fs::canonicalize(present).expect("a path that is there");
    rest.components().fold(present, |path, part| path.join(part))
}

fn compile(folder: &Path) -> PathBuf {
    let library = folder.join("disk.so");
    let source = toolbox::workspace().join("interop/faults/disk.c");
    let status = compiler(&library, &source).status().expect("a C compiler: run `./test tools`");
    assert!(status.success(), "{} does not compile", source.display());
    library
}

fn compiler(library: &Path, source: &Path) -> Command {
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(library)
        .arg(source)
        .arg("-ldl");
    compiler
}
