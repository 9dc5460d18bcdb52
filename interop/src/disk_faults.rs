//! A disk that fails on command: a library in front of libc, loaded into the broker alone, and the file that commands it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::broker::Broker;
use crate::config::Config;
use crate::surroundings::Surroundings;
use crate::toolbox;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Writes, for there is no room.
    NoRoom,
    /// Writes, for the disk is broken.
    Writes,
    /// Syncs, likewise.
    Syncs,
}

/// The command over the disk below a broker's store. Sockets, the log and all other files are not touched.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
    library: PathBuf,
}

impl Disk {
    /// A disk that works, for now.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let library = compile(folder.path());
        let disk = Self { folder, library };
        disk.works();
        disk
    }

    /// Starts a broker on such a disk.
    #[must_use]
    pub fn under(config: Config) -> (Broker, Self) {
        let disk = Self::new();
        let broker = Broker::start_in(config, |folder| disk.below(&folder.join("data/store")));
        (broker, disk)
    }

    /// Puts the folder `store`, which may not be there yet, on this disk.
    #[must_use]
    pub fn below(&self, store: &Path) -> Surroundings {
        Surroundings::default()
            .with("LD_PRELOAD", &self.library)
            .with("DISK_FAULT_FOLDER", whole(store))
            .with("DISK_FAULT_CONTROL", self.control())
    }

    /// From now on it fails.
    pub fn fails(&self, fault: Fault) {
        self.say(match fault {
            Fault::NoRoom => "write ENOSPC",
            Fault::Writes => "write EIO",
            Fault::Syncs => "sync EIO",
        });
    }

    /// From now on it works.
    pub fn works(&self) {
        self.say("");
    }

    /// Puts a whole new file in place of the former one, so that nobody reads half a word.
    fn say(&self, text: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.control())).expect("a file to command by");
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

/// The path as the system names it, which the library compares with: what is there already may have links.
fn whole(path: &Path) -> PathBuf {
    let present = path.ancestors().find(|ancestor| ancestor.exists()).expect("a root");
    let rest = path.strip_prefix(present).expect("an ancestor");
    let present = fs::canonicalize(present).expect("a path that is there");
    rest.components().fold(present, |path, part| path.join(part))
}

fn compile(folder: &Path) -> PathBuf {
    let library = folder.join("disk.so");
    let source = toolbox::workspace().join("interop/faults/disk.c");
    let status = cc(&library, &source).status().expect("a C compiler: run `./test tools`");
    assert!(status.success(), "{} does not compile", source.display());
    library
}

fn cc(library: &Path, source: &Path) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(library)
        .arg(source)
        .arg("-ldl");
    cc
}
