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
}

impl Disk {
    /// Starts a broker on a disk that works, for now.
    #[must_use]
    pub fn under(config: Config) -> (Broker, Self) {
        let disk = Self { folder: TempDir::new().expect("a temporary folder") };
        disk.works();
        let library = disk.compile();
        let broker = Broker::start_in(config, |folder| {
            // As the system names it: that is what the library compares with.
            let folder = fs::canonicalize(folder).expect("the broker's folder");
            Surroundings::default()
                .with("LD_PRELOAD", library)
                .with("DISK_FAULT_FOLDER", folder.join("data/store"))
                .with("DISK_FAULT_CONTROL", disk.control())
        });
        (broker, disk)
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

    fn compile(&self) -> PathBuf {
        let library = self.folder.path().join("disk.so");
        let source = toolbox::workspace().join("interop/faults/disk.c");
        let status = cc(&library, &source).status().expect("a C compiler: run `./test tools`");
        assert!(status.success(), "{} does not compile", source.display());
        library
    }
}

fn cc(library: &Path, source: &Path) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(library)
        .arg(source)
        .arg("-ldl");
    cc
}
