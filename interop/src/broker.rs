//! The broker under test: starts `tidegate serve` as a child process, waits until it is ready, and stops or kills it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use tempfile::TempDir;

use crate::certificate::Certificate;
use crate::config::Config;
use crate::launch_options::LaunchOptions;
use crate::log::Log;
use crate::process::{EVENT_TIMEOUT, Process, ProcessExit};
use crate::toolbox;
use crate::transport::Transport;

/// A running broker with its own temporary folder. Dropping it kills the process.
#[derive(Debug)]
pub struct Broker {
    process: Process,
    config: Config,
    certificate: Certificate,
    launch_options: LaunchOptions,
    folder: TempDir,
}

impl Broker {
    /// Starts a broker that listens on every transport.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(Config::every_transport())
    }

    /// Starts a broker and waits until it logs that it is ready.
    #[must_use]
    pub fn start_with(config: Config) -> Self {
        Self::start_with_launch(config, |_| LaunchOptions::default())
    }

    /// Like [`Broker::start_with`]. `launch_options` receives the broker's folder and returns the launch options, which
    /// every [`Broker::restart`] uses again.
    #[must_use]
    pub fn start_with_launch(config: Config, launch_options: impl FnOnce(&Path) -> LaunchOptions) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let launch_options = launch_options(folder.path());
        let certificate = Certificate::create(folder.path());
        let file = folder.path().join("tidegate.yaml");
        fs::write(&file, config.yaml(&certificate)).expect("a configuration file");
        let process = serve_with_launch(&launch_options, Some(&file), &folder.path().join("data"));
        wait_until_ready(&process);
        Self { process, config, certificate, launch_options, folder }
    }

    /// Returns the URL for connecting over a transport.
    #[must_use]
    pub fn url(&self, transport: Transport) -> String {
        transport.url(self.port(transport))
    }

    /// Returns the port on which the broker listens for a transport.
    #[must_use]
    pub fn port(&self, transport: Transport) -> u16 {
        self.config.port(transport)
    }

    /// Replaces the files of the certificate authority and of the broker's certificate. The broker uses the former
    /// certificate until it is reloaded with SIGHUP.
    pub fn replace_certificate(&mut self) {
        self.certificate = Certificate::create(self.folder.path());
    }

    /// Returns the path of the PEM file of the broker's private key.
    #[must_use]
    pub fn private_key(&self) -> &Path {
        &self.certificate.key
    }

    /// Returns the path of the PEM file of the certificate authority that clients have to trust.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.certificate.authority
    }

    /// Returns the path of a file in the folder of this broker.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns a `tidegate` client command (`pub`, `sub`) with the arguments for connecting to this broker.
    #[must_use]
    pub fn client(&self, command: &str, transport: Transport) -> Command {
        let mut client = Command::new(toolbox::broker());
        client.arg(command).args(["--url", &self.url(transport)]);
        if transport.is_encrypted() {
            client.arg("--ca").arg(self.authority());
        }
        client
    }

    /// Sends SIGTERM and does not wait; [`Broker::wait_for_exit`] does.
    pub fn terminate(&self) {
        self.process.terminate();
    }

    /// Limits the address space of the process to its present size plus `bytes`.
    pub fn limit_memory(&self, bytes: u64) {
        self.process.limit_memory(bytes);
    }

    /// Sends a signal, named without `SIG`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Like [`Broker::wait_for_exit`], but does not read the log, which may be paused.
    #[must_use]
    pub fn wait_for_exit_status(self) -> ExitStatus {
        self.process.wait_for_exit_status(EVENT_TIMEOUT)
    }

    /// Waits until the process exits after [`Broker::terminate`].
    #[must_use]
    pub fn wait_for_exit(self) -> ProcessExit {
        self.process.wait_for_exit(EVENT_TIMEOUT)
    }

    /// Waits until the process exits by itself, and starts it again on the same data.
    #[must_use]
    pub fn wait_for_exit_and_restart(&mut self) -> ProcessExit {
        let exit = self.wait_for_end();
        self.restart();
        exit
    }

    /// Returns the process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the exit status, or `None` while the process is running.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Waits until the process exits by itself. [`Broker::restart`] starts it again.
    #[must_use]
    pub fn wait_for_end(&mut self) -> ProcessExit {
        self.process.wait(EVENT_TIMEOUT)
    }

    /// Simulates a crash: kills the broker and starts it again on the same data.
    #[must_use]
    pub fn kill_and_restart(mut self) -> Self {
        self.kill();
        self.restart();
        self
    }

    /// Kills the broker with SIGKILL, as a crash would end it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the broker again on the same data, with the same configuration.
    pub fn restart(&mut self) {
        self.process =
            serve_with_launch(&self.launch_options, Some(&self.file("tidegate.yaml")), &self.file("data"));
        wait_until_ready(&self.process);
    }

    /// Returns the log since the last start.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.process.errors
    }

    /// Waits for a log line and returns it; panics with the whole output if no such line appears within
    /// [`EVENT_TIMEOUT`].
    pub fn wait_for_log(&self, wanted: impl Fn(&str) -> bool, awaited: &str) -> String {
        self.process.wait_for_error(wanted, awaited)
    }

    /// Returns the log lines so far that report a panic.
    #[must_use]
    pub fn panics(&self) -> Vec<String> {
        self.log().text().lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
    }

    /// Stops the broker with SIGTERM; panics unless it exits with success.
    pub fn stop(self) {
        self.terminate();
        let exit = self.wait_for_exit();
        assert!(exit.status.success(), "the broker exited with {}\n{}", exit.status, exit.errors.join("\n"));
    }
}

/// Starts `tidegate serve` without waiting until it is ready.
#[must_use]
pub fn serve(config: Option<&Path>, data: &Path) -> Process {
    serve_with_launch(&LaunchOptions::default(), config, data)
}

/// Like [`serve`], with launch options.
#[must_use]
pub fn serve_with_launch(launch_options: &LaunchOptions, config: Option<&Path>, data: &Path) -> Process {
    let mut command = launch_options.command(&toolbox::broker());
    command.arg("serve").arg("--data").arg(data);
    if let Some(file) = config {
        command.arg("--config").arg(file);
    }
    Process::start("tidegate serve", &mut command)
}

/// Waits until the broker logs that all listeners are bound.
pub fn wait_until_ready(process: &Process) {
    process.wait_for_error(|line| line.contains("\"ready\""), "the ready line");
}
