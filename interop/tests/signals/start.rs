//! Tests signals that arrive while the broker starts, before it has opened its listeners.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::thread;
use std::time::Instant;

use tempfile::TempDir;
use tidegate_interop::broker::{serve_with_launch, wait_until_ready};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::preload;
use tidegate_interop::process::{EVENT_TIMEOUT, Process};
use tidegate_interop::toolbox;
use tidegate_interop::transport::Transport;

#[test]
fn requests_of_signals_that_arrive_during_the_start_are_carried_out_afterwards() {
    let setup = Setup::new();
    let start = setup.hold_start(&["env", "--default-signal=HUP"]);
    for signal in ["HUP", "USR1", "USR2", "ALRM"] {
        start.process.signal(signal);
    }
    for signal in ["SIGUSR2", "SIGALRM"] {
        let named = |line: &str| line.contains("signal ignored") && line.contains(signal);
        let _ = start.process.wait_for_error(named, "the line about the signal");
    }
    let process = start.resume();
    wait_until_ready(&process);
    let _ = process.wait_for_error(|line| line.contains("certificate reloaded"), "the reloaded certificate");
    process.terminate();
    let _ = process.expect_success();
}

/// The broker was killed before, so that its store has a log to apply at the start.
#[test]
fn a_stop_during_the_start_loses_nothing() {
    let setup = Setup::new();
    let mut process = setup.start();
    let _ = setup.client("pub", &["-m", "kept", "--retain", "-q", "1"]).expect_success();
    process.kill();
    for signal in ["TERM", "INT", "QUIT"] {
        let start = setup.hold_start(&[]);
        start.process.signal(signal);
        let exit = start.process.wait_for_exit(EVENT_TIMEOUT);
        assert_eq!(exit.status.code(), Some(0), "SIG{signal}: {}", exit.status);
        let last = exit.errors.last().expect("a log");
        assert!(
            last.contains("stopped during the start") && last.contains(&format!("SIG{signal}")),
            "{last}"
        );
    }
    let process = setup.start();
    let exit = setup.client("sub", &["-C", "1"]).expect_success();
    assert_eq!(exit.output, ["kept"]);
    process.terminate();
    let _ = process.expect_success();
}

/// For the first process of a container, a signal without a handler has no effect.
#[test]
fn the_first_process_of_a_container_can_be_stopped_during_its_start() {
    let setup = Setup::new();
    if !Command::new("unshare")
        .args(["--pid", "--fork", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("skipped: this process may not create a PID namespace; run the tests as root");
        return;
    }
    let start = setup.hold_start(&["unshare", "--pid", "--fork", "--kill-child"]);
    let id = start.process.id();
    let children =
        fs::read_to_string(format!("/proc/{id}/task/{id}/children")).expect("the broker's process id");
    let sent = Command::new("kill").args(["-TERM", children.trim()]).status().expect("a command");
    assert!(sent.success(), "SIGTERM cannot be sent to {children}");
    let exit = start.process.wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(0), "{:#?}", exit.errors);
}

/// A folder with everything that a broker needs. When the broker opens its store, it reads the boot id of the machine
/// from a file in this folder.
struct Setup {
    folder: TempDir,
    config: Config,
    launch: LaunchOptions,
}

/// A broker that waits for its boot id, because the file is a pipe.
struct HeldStart {
    process: Process,
    pipe: File,
}

impl Setup {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let config = Config::every_transport();
        let yaml = config.yaml(&Certificate::create(folder.path()));
        fs::write(folder.path().join("tidegate.yaml"), yaml).expect("a configuration file");
        fs::write(folder.path().join("boot_id"), BOOT_ID).expect("a file");
        let launch = LaunchOptions::default()
            .preloading(preload::compile("machine", folder.path()))
            .with_variable("MACHINE_BOOT_ID", folder.path().join("boot_id"));
        Self { folder, config, launch }
    }

    fn serve(&self, launch: &LaunchOptions) -> Process {
        let folder = self.folder.path();
        serve_with_launch(launch, Some(&folder.join("tidegate.yaml")), &folder.join("data"))
    }

    /// Starts a broker, and waits until it is ready.
    fn start(&self) -> Process {
        let process = self.serve(&self.launch);
        wait_until_ready(&process);
        process
    }

    /// Starts a broker, and waits until it waits for its boot id.
    fn hold_start(&self, wrapper: &[&str]) -> HeldStart {
        let boot_id = self.folder.path().join("boot_id");
        fs::remove_file(&boot_id).expect("a file");
        assert!(
            Command::new("mkfifo").arg(&boot_id).status().is_ok_and(|status| status.success()),
            "no pipe"
        );
        let process = self.serve(&self.launch.clone().wrapped_in(wrapper.iter().copied()));
        let end = Instant::now() + EVENT_TIMEOUT;
        // A pipe can be opened for writing once another process has opened it for reading.
        let pipe = loop {
            match OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(&boot_id) {
                Ok(pipe) => break pipe,
                Err(_) if Instant::now() < end => thread::yield_now(),
                Err(error) => {
                    panic!("the broker does not read its boot id: {error}: {}", process.errors.text())
                }
            }
        };
        // From now on, other reads of the boot id do not wait.
        let file = boot_id.with_extension("file");
        fs::write(&file, BOOT_ID).and_then(|()| fs::rename(&file, &boot_id)).expect("a file");
        HeldStart { process, pipe }
    }

    fn client(&self, command: &str, arguments: &[&str]) -> Process {
        let url = Transport::Tcp.url(self.config.port(Transport::Tcp));
        let mut client = Command::new(toolbox::broker());
        client.args([command, "--url", &url, "-t", "a"]).args(arguments);
        Process::start(command, &mut client)
    }
}

impl HeldStart {
    /// Lets the broker continue.
    fn resume(mut self) -> Process {
        self.pipe.write_all(BOOT_ID.as_bytes()).expect("an open pipe");
        self.process
    }
}

const BOOT_ID: &str = "00000000-0000-4000-8000-000000000001\n";
/// The flag of open(2) on Linux.
const O_NONBLOCK: i32 = 0o4000;
