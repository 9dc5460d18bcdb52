//! The broker under test: `tidegate serve` as a process, from its ready line to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::config::Config;
use crate::launch_options::LaunchOptions;
use crate::log::Log;
use crate::process::{DEADLINE, Process, ProcessExit};
use crate::toolbox;
use crate::transport::Transport;

/// A running broker with a folder of its own; ended, by its process id, when dropped.
#[derive(Debug)]
pub struct Broker {
    process: Process,
    config: Config,
    certificate: Certificate,
    launch: LaunchOptions,
    folder: TempDir,
}

impl Broker {
    /// Starts a broker that listens on every transport.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(Config::every_transport())
    }

    /// Starts a broker, and waits until it says that it is ready.
    #[must_use]
    pub fn start_with(config: Config) -> Self {
        Self::start_with_launch(config, |_| LaunchOptions::default())
    }

    /// Starts a broker, now and at every restart, in launch that are made for its folder.
    #[must_use]
    pub fn start_with_launch(config: Config, launch_options: impl FnOnce(&Path) -> LaunchOptions) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let launch = launch_options(folder.path());
        let certificate = Certificate::create(folder.path());
        let file = folder.path().join("tidegate.yaml");
        fs::write(&file, config.yaml(&certificate)).expect("a configuration file");
        let process = serve_with_launch(&launch, Some(&file), &folder.path().join("data"));
        wait_until_ready(&process);
        Self { process, config, certificate, launch, folder }
    }

    /// The URL of a transport.
    #[must_use]
    pub fn url(&self, transport: Transport) -> String {
        transport.url(self.port(transport))
    }

    /// The port of a transport.
    #[must_use]
    pub fn port(&self, transport: Transport) -> u16 {
        self.config.port(transport)
    }

    /// The certificate clients have to trust.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.certificate.authority
    }

    /// A file in the folder of this broker.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command line of Tidegate itself as a client of this broker.
    #[must_use]
    pub fn client(&self, command: &str, transport: Transport) -> Command {
        let mut client = Command::new(toolbox::broker());
        client.arg(command).args(["--url", &self.url(transport)]);
        if transport.is_encrypted() {
            client.arg("--ca").arg(self.authority());
        }
        client
    }

    /// Asks it to stop with SIGTERM; [`Broker::wait_for_exit`] waits.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Waits for the end that [`Broker::terminate`] asked for.
    #[must_use]
    pub fn wait_for_exit(self) -> ProcessExit {
        self.process.wait_for_exit(DEADLINE)
    }

    /// Ends it as a failure does, with SIGKILL, and starts it again on what it kept.
    #[must_use]
    pub fn kill_and_restart(mut self) -> Self {
        self.kill();
        self.restart();
        self
    }

    /// Ends it as a failure does, with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on what it kept, with the same configuration.
    pub fn restart(&mut self) {
        self.process = serve_with_launch(&self.launch, Some(&self.file("tidegate.yaml")), &self.file("data"));
        wait_until_ready(&self.process);
    }

    /// What it has logged since its last start.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.process.errors
    }

    /// Waits for a line of its log; panics with all of them when it does not come.
    pub fn wait_for_log(&self, wanted: impl Fn(&str) -> bool, what: &str) -> String {
        self.process.wait_for_error(wanted, what)
    }

    /// What it wrote of panics up to now: none, if all is well.
    #[must_use]
    pub fn panics(&self) -> Vec<String> {
        self.log().text().lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
    }

    /// Stops it as an operator does; it has to end well.
    pub fn stop(self) {
        self.terminate();
        let exit = self.wait_for_exit();
        assert!(exit.status.success(), "broker: {}\n{}", exit.status, exit.errors.join("\n"));
    }
}

/// `tidegate serve`, not yet ready.
#[must_use]
pub fn serve(config: Option<&Path>, data: &Path) -> Process {
    serve_with_launch(&LaunchOptions::default(), config, data)
}

/// The same in launch of its own.
#[must_use]
pub fn serve_with_launch(launch: &LaunchOptions, config: Option<&Path>, data: &Path) -> Process {
    let mut command = launch.command(&toolbox::broker());
    command.arg("serve").arg("--data").arg(data);
    if let Some(file) = config {
        command.arg("--config").arg(file);
    }
    Process::start("tidegate serve", &mut command)
}

/// Waits for the broker's word that all listeners are bound.
pub fn wait_until_ready(process: &Process) {
    process.wait_for_error(|line| line.contains("\"ready\""), "ready line");
}
