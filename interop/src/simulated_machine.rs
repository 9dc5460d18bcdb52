//! Simulates restarts of the machine and changes of its wall clock: a preloaded library passes a different boot id to
//! the broker and adds seconds to its clocks. The clocks can be set while the broker is running.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::broker::Broker;
use crate::config::Config;
use crate::launch_options::LaunchOptions;
use crate::preload;

/// A simulated machine: the boot id and the clocks that the broker reads.
#[derive(Debug)]
pub struct SimulatedMachine {
    folder: TempDir,
    library: PathBuf,
    /// Number of times that the machine was booted. Each boot has another boot id.
    boots: u32,
    clock: File,
    wall_offset_seconds: i64,
    suspended_seconds: i64,
}

impl SimulatedMachine {
    /// Creates a machine whose wall clock shows the right time.
    #[must_use]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let library = preload::compile("machine", folder.path());
        let path = folder.path().join("clock");
        let clock = OpenOptions::new().create(true).truncate(true).write(true).open(path).expect("a file");
        let mut machine =
            Self { folder, library, boots: 0, clock, wall_offset_seconds: 0, suspended_seconds: 0 };
        machine.reboot();
        machine.write_clocks();
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

    /// Starts a broker on this machine.
    #[must_use]
    pub fn start_broker(&self, config: Config) -> Broker {
        Broker::start_with_launch(config, |_| self.launch_options(LaunchOptions::default()))
    }

    /// Simulates a restart of the machine with a new boot id. Must be called while no broker is running.
    pub fn reboot(&mut self) {
        self.boots += 1;
        let id = format!("00000000-0000-4000-8000-{:012}\n", self.boots);
        fs::write(self.folder.path().join("boot_id"), id).expect("a file");
    }

    /// Adds `seconds` to the wall clock; a negative number sets the clock back.
    pub fn step_clock(&mut self, seconds: i64) {
        self.wall_offset_seconds += seconds;
        self.write_clocks();
    }

    /// Simulates that the machine was suspended for `seconds`. The wall clock and the boot-time clock continue during
    /// the suspension, the monotonic clock does not.
    pub fn suspend(&mut self, seconds: i64) {
        self.wall_offset_seconds += seconds;
        self.suspended_seconds += seconds;
        self.write_clocks();
    }

    fn write_clocks(&self) {
        let bytes = [self.wall_offset_seconds, self.suspended_seconds].map(i64::to_ne_bytes).concat();
        self.clock.write_all_at(&bytes, 0).expect("a file");
    }
}

impl Default for SimulatedMachine {
    fn default() -> Self {
        Self::new()
    }
}
