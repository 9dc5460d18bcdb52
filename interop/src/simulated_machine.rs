//! Simulates a machine that is restarted, and whose wall clock is set: a preloaded library gives the broker another boot id, and adds
//! seconds to its clock. The clock can be set while the broker is running.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::launch_options::LaunchOptions;
use crate::preload;

/// The machine, as the broker sees it.
#[derive(Debug)]
pub struct SimulatedMachine {
    folder: TempDir,
    library: PathBuf,
    boots: u32,
    clock: File,
    offset: i64,
}

impl SimulatedMachine {
    /// A machine with the right time.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let library = preload::compile("machine", folder.path());
        let path = folder.path().join("clock");
        let clock = OpenOptions::new().create(true).truncate(true).write(true).open(path).expect("a file");
        let mut machine = Self { folder, library, boots: 0, clock, offset: 0 };
        machine.reboot();
        machine.step_clock(0);
        machine
    }

    /// Adds the options that run a broker on this machine.
    #[must_use]
    pub fn launch_options(&self, options: LaunchOptions) -> LaunchOptions {
        options
            .preloading(&self.library)
            .with_variable("MACHINE_BOOT_ID", self.folder.path().join("boot_id"))
            .with_variable("MACHINE_CLOCK", self.folder.path().join("clock"))
    }

    /// The next start of the broker is the first one since the machine was restarted. Call it while no broker is running.
    pub fn reboot(&mut self) {
        self.boots += 1;
        let id = format!("00000000-0000-4000-8000-{:012}\n", self.boots);
        fs::write(self.folder.path().join("boot_id"), id).expect("a file");
    }

    /// Sets the wall clock forward by so many seconds, or back.
    pub fn step_clock(&mut self, seconds: i64) {
        self.offset += seconds;
        self.clock.write_all_at(&self.offset.to_ne_bytes(), 0).expect("a file");
    }
}

impl Default for SimulatedMachine {
    fn default() -> Self {
        Self::new()
    }
}
