//! A child process whose output is collected and that is killed when dropped.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::log::Log;
use crate::toolbox;

/// A running child process.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    /// The lines of its standard output.
    pub output: Log,
    /// The lines of its standard error.
    pub errors: Log,
}

/// The exit status and the output of a process.
#[derive(Debug)]
pub struct ProcessExit {
    /// The exit status.
    pub status: ExitStatus,
    /// Lines of standard output.
    pub output: Vec<String>,
    /// Lines of standard error.
    pub errors: Vec<String>,
}

impl ProcessExit {
    /// Returns the value of a counter that the broker logged at shutdown, or 0 if the counter is not in the log. Panics
    /// if the exit status is not success.
    #[must_use]
    pub fn counter(&self, counter: &str) -> usize {
        assert!(self.status.success(), "{:#?}", self.errors);
        let line = self.errors.iter().find(|line| line.contains(&format!("\"{counter}\"")));
        let value = line.and_then(|line| line.split_once("\"value\":")).map(|(_, rest)| rest);
        let digits = value.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }
}

impl Process {
    /// Starts `command`; panic messages contain `name`.
    pub fn start(name: &str, command: &mut Command) -> Self {
        Self::start_from(name, command.stdin(Stdio::null()))
    }

    /// Starts `command` and writes `input`, a short text, to its standard input.
    pub fn start_with_input(name: &str, command: &mut Command, input: &str) -> Self {
        let mut process = Self::start_from(name, command.stdin(Stdio::piped()));
        let mut pipe = process.child.stdin.take().expect("a pipe");
        pipe.write_all(input.as_bytes()).expect("a child that reads");
        process
    }

    fn start_from(name: &str, command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let output = Log::collect(child.stdout.take().expect("a pipe"));
        let errors = Log::collect(child.stderr.take().expect("a pipe"));
        Self { name: name.to_owned(), child, output, errors }
    }

    /// Runs a `tidegate` command until it exits. `paths` contains pairs of an option and its path. If the option is
    /// empty, the path is a positional argument.
    #[must_use]
    pub fn run_tidegate(arguments: &[&str], paths: &[(&str, &Path)]) -> ProcessExit {
        let mut command = Command::new(toolbox::broker());
        command.args(arguments);
        for (option, path) in paths {
            command.args((!option.is_empty()).then_some(option)).arg(path);
        }
        Self::start(&arguments.join(" "), &mut command).wait_for_exit(EVENT_TIMEOUT)
    }

    /// Returns the process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit status, or `None` while the process is running.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child")
    }

    /// Waits for a line of standard output that satisfies `wanted`. Panics with all output if no such line appears
    /// within [`EVENT_TIMEOUT`].
    pub fn wait_for_output(&self, wanted: impl Fn(&str) -> bool, awaited: &str) -> String {
        self.output.wait_for(wanted, EVENT_TIMEOUT).unwrap_or_else(|_| self.fail_waiting_for(awaited))
    }

    /// Waits for a line of standard error that satisfies `wanted`. Panics with all output if no such line appears
    /// within [`EVENT_TIMEOUT`].
    pub fn wait_for_error(&self, wanted: impl Fn(&str) -> bool, awaited: &str) -> String {
        self.errors.wait_for(wanted, EVENT_TIMEOUT).unwrap_or_else(|_| self.fail_waiting_for(awaited))
    }

    /// Waits until the process exits. Panics with all output if it does not exit within `deadline`.
    #[must_use]
    pub fn wait_for_exit(mut self, deadline: Duration) -> ProcessExit {
        self.wait(deadline)
    }

    /// Like [`Process::wait_for_exit`], but borrows the process, so that its owner can replace it.
    #[must_use]
    pub fn wait(&mut self, deadline: Duration) -> ProcessExit {
        let end = Instant::now() + deadline;
        let (Ok(output), Ok(errors)) = (
            self.output.wait_until_closed(deadline),
            self.errors.wait_until_closed(end.saturating_duration_since(Instant::now())),
        ) else {
            self.fail_waiting_for("its exit")
        };
        let status = self.child.wait().expect("the exit status of a child");
        ProcessExit { status, output, errors }
    }

    /// Waits until the process exits. Panics unless it exits with success.
    #[must_use]
    pub fn expect_success(self) -> ProcessExit {
        let name = self.name.clone();
        let exit = self.wait_for_exit(EVENT_TIMEOUT);
        let ProcessExit { status, output, errors } = &exit;
        assert!(status.success(), "{name}: {status}\n{}\n{}", output.join("\n"), errors.join("\n"));
        exit
    }

    /// Waits until the process exits, without reading its standard error. Panics if it does not exit within `deadline`.
    #[must_use]
    pub fn wait_for_exit_status(mut self, deadline: Duration) -> ExitStatus {
        if self.output.wait_until_closed(deadline).is_err() {
            self.fail_waiting_for("its exit");
        }
        self.child.wait().expect("the exit status of a child")
    }

    /// Limits the address space of the process to its present size plus `bytes`.
    pub fn limit_memory(&self, bytes: u64) {
        let id = self.child.id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("a running child");
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("its size");
        let size: u64 = size.trim().trim_end_matches(" kB").parse().expect("a number of KiB");
        // Sets only the soft limit, so that it can be raised again.
        let limit = format!("--as={}:", size * 1024 + bytes);
        let set = Command::new("prlimit").args(["--pid", &id.to_string(), &limit]).status();
        assert!(set.is_ok_and(|status| status.success()), "prlimit failed");
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal, named without `SIG`. The signal is sent at once: starting the command `kill` would give the process
    /// time to handle what it has received.
    pub fn signal(&self, name: &str) {
        let signal = match name {
            "ALRM" => Signal::ALARM,
            "HUP" => Signal::HUP,
            "INT" => Signal::INT,
            "QUIT" => Signal::QUIT,
            "TERM" => Signal::TERM,
            "USR1" => Signal::USR1,
            "USR2" => Signal::USR2,
            _ => panic!("no test sends SIG{name}"),
        };
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        let sent = rustix::process::kill_process(id, signal);
        assert!(sent.is_ok(), "SIG{name} cannot be sent to {}: {sent:?}", self.name);
    }

    /// Sends SIGKILL and waits until the process has ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("the exit status of a child");
    }

    fn fail_waiting_for(&self, awaited: &str) -> ! {
        panic!(
            "{}: timed out or ended before {awaited}\nstandard output:\n{}\nstandard error:\n{}",
            self.name,
            self.output.text(),
            self.errors.text()
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both calls fail only if the process has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Time after which a test that waits for an event fails. Far longer than needed, so that tests also pass on a busy
/// machine.
pub const EVENT_TIMEOUT: Duration = Duration::from_secs(60);
