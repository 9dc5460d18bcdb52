//! A folder with everything that a broker needs, whose permissions a test can change and examine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::{serve_with_launch, wait_until_ready};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::process::{EVENT_TIMEOUT, Process, ProcessExit};
use tidegate_interop::toolbox;

/// A temporary folder with a configuration and a certificate. The broker creates the folder `data` in it.
pub struct Setup {
    folder: TempDir,
    config: Config,
    /// How the broker and the store commands are started.
    pub launch: LaunchOptions,
    certificate: Certificate,
}

impl Setup {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Certificate::create(folder.path());
        Self { folder, config: Config::every_transport(), launch: LaunchOptions::default(), certificate }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn mode(&self, name: &str) -> u32 {
        mode(&self.path(name))
    }

    /// Starts the broker with additional lines in its configuration.
    pub fn serve(&self, settings: &str) -> Process {
        let text = self.config.clone().with(settings).yaml(&self.certificate);
        fs::write(self.path("tidegate.yaml"), text).expect("a configuration file");
        serve_with_launch(&self.launch, Some(&self.path("tidegate.yaml")), &self.path("data"))
    }

    /// Starts the broker, waits until it is ready, and stops it.
    pub fn run(&self) -> ProcessExit {
        self.run_with("")
    }

    pub fn run_with(&self, settings: &str) -> ProcessExit {
        let broker = self.serve(settings);
        wait_until_ready(&broker);
        broker.terminate();
        broker.expect_success()
    }

    /// Runs `tidegate snapshot` or `tidegate restore`. `file` and `data` are names in the folder.
    pub fn run_store_command(&self, name: &str, file: &str, data: &str) {
        let mut command = self.launch.command(&toolbox::broker());
        command.arg(name).arg(self.path(file)).arg("--data").arg(self.path(data));
        let _ = Process::start(name, &mut command).expect_success();
    }

    /// Runs `tidegate check` on the configuration with which the broker was started last.
    pub fn check(&self) -> ProcessExit {
        let mut command = Command::new(toolbox::broker());
        command.arg("check").arg("--config").arg(self.path("tidegate.yaml"));
        Process::start("tidegate check", &mut command).wait_for_exit(EVENT_TIMEOUT)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("an existing path").permissions().mode() & 0o777
}
