//! Simulates disk errors: a preloaded library intercepts the broker's libc calls, and a control file determines which
//! of them fail.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::broker::Broker;
use crate::config::Config;
use crate::launch_options::LaunchOptions;
use crate::preload;

/// The kind of disk error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Writes fail with ENOSPC: the disk is full.
    NoSpace,
    /// Writes fail with EDQUOT: the user has used up its share of the disk.
    NoQuota,
    /// Writes fail with EROFS: the system has mounted the file system read-only, as after an error.
    ReadOnly,
    /// Writes fail with EIO: the disk is broken.
    WriteError,
    /// Syncs fail with EIO: the disk is broken.
    SyncError,
}

/// A disk under a broker's store that fails on request of a test. Sockets, the log and all other files are unaffected.
#[derive(Debug)]
pub struct FaultyDisk {
    folder: TempDir,
    library: PathBuf,
}

impl FaultyDisk {
    /// Creates a disk that works until [`FaultyDisk::fail_with`] is called.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let library = preload::compile("disk", folder.path());
        let disk = Self { folder, library };
        disk.recover();
        disk
    }

    /// Starts a broker with its store on a new faulty disk.
    #[must_use]
    pub fn start_broker(config: Config) -> (Broker, Self) {
        let disk = Self::new();
        let broker =
            Broker::start_with_launch(config, |folder| disk.launch_options(&folder.join("data/store")));
        (broker, disk)
    }

    /// Returns the launch options that put the folder `store` on this disk. The folder need not exist yet.
    #[must_use]
    pub fn launch_options(&self, store: &Path) -> LaunchOptions {
        LaunchOptions::default()
            .preloading(&self.library)
            .with_variable("DISK_FAULT_FOLDER", canonical(store))
            .with_variable("DISK_FAULT_CONTROL", self.control_file())
    }

    /// Makes the calls that `fault` names fail from now on.
    pub fn fail_with(&self, fault: Fault) {
        self.write_control(match fault {
            Fault::NoSpace => "write ENOSPC",
            Fault::NoQuota => "write EDQUOT",
            Fault::ReadOnly => "write EROFS",
            Fault::WriteError => "write EIO",
            Fault::SyncError => "sync EIO",
        });
    }

    /// Makes all calls succeed again.
    pub fn recover(&self) {
        self.write_control("");
    }

    /// Replaces the control file atomically, so that the library never reads a partial command.
    fn write_control(&self, text: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.control_file())).expect("a control file");
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

/// Resolves symbolic links in the existing part of `path`. The library compares the result with paths that the kernel
/// reports.
fn canonical(path: &Path) -> PathBuf {
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).expect("a root");
    let rest = path.strip_prefix(existing).expect("an ancestor");
    let existing = fs::canonicalize(existing).expect("an existing path");
    rest.components().fold(existing, |path, part| path.join(part))
}
