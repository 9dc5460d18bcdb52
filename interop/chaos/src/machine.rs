//! The broker under test on a machine whose disk, clock and network can fail.

use std::thread;
use std::time::{Duration, Instant};

use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::disk_faults::{Fault, FaultyDisk};
use tidegate_interop::process::{EVENT_TIMEOUT, Process, ProcessExit};
use tidegate_interop::simulated_machine::SimulatedMachine;
use tidegate_interop::toolbox;

use crate::plan::{Plan, Signal};

/// The broker and its machine.
#[derive(Debug)]
pub struct Machine {
    /// The broker.
    pub broker: Broker,
    disk: FaultyDisk,
    simulated: SimulatedMachine,
}

impl Machine {
    /// Starts a broker with an empty store, and the durability of a plan.
    #[must_use]
    pub fn start(plan: &Plan) -> Self {
        let (disk, simulated) = (FaultyDisk::new(), SimulatedMachine::new());
        let (durability, interval) = (plan.durability.name(), plan.interval);
        let lines =
            format!("drain_timeout: 3s\npersistence:\n  durability: {durability}\n  interval: {interval}\n");
        let broker = Broker::start_with_launch(Config::every_transport().with(&lines), |folder| {
            // If this program was started by nohup, the broker would inherit that SIGHUP is ignored.
            simulated
                .launch_options(disk.launch_options(&folder.join("data/store")))
                .wrapped_in(["env", "--default-signal=HUP"])
        });
        Self { broker, disk, simulated }
    }

    /// Ends the broker with SIGKILL and starts it again. With `reboot`, the broker sees a machine that was restarted in
    /// between.
    ///
    /// # Errors
    /// If the broker ended or panicked before.
    pub fn kill(&mut self, reboot: bool) -> Result<(), String> {
        self.check()?;
        self.broker.kill();
        if reboot {
            self.simulated.reboot();
        }
        self.broker.restart();
        Ok(())
    }

    /// Ends the broker with SIGTERM and starts it again. With `reboot`, the broker sees a machine that was restarted in
    /// between.
    ///
    /// # Errors
    /// If the broker did not exit with code 0 and a closed store.
    pub fn stop(&mut self, reboot: bool) -> Result<(), String> {
        let exit = self.terminate()?;
        let is_closed = exit.errors.iter().any(|line| line.contains("\"message\":\"stopped\""));
        if !is_closed {
            return Err(format!("the store was not closed:\n{}", last_lines(&exit.errors)));
        }
        if reboot {
            self.simulated.reboot();
        }
        self.broker.restart();
        Ok(())
    }

    /// Makes the disk fail.
    pub fn fail(&self, fault: Fault) {
        self.disk.fail_with(fault);
    }

    /// Makes the disk work again.
    pub fn recover(&self) {
        self.disk.recover();
    }

    /// Ends a broker whose store has failed, makes the disk work again, and starts the broker.
    ///
    /// # Errors
    /// If the broker panicked, or its exit code after SIGTERM is wrong.
    pub fn replace_disk(&mut self, signal: Signal) -> Result<(), String> {
        self.check()?;
        match signal {
            Signal::Kill => self.broker.kill(),
            Signal::Terminate => drop(self.terminate()?),
        }
        self.disk.recover();
        self.broker.restart();
        Ok(())
    }

    /// Replaces the certificate, sends SIGHUP and waits until every encrypted listener uses the new certificate.
    ///
    /// # Errors
    /// If a listener does not use the new certificate within [`EVENT_TIMEOUT`].
    pub fn reload(&mut self) -> Result<(), String> {
        let reloaded = |broker: &Broker| broker.log().text().matches("certificate reloaded").count();
        let wanted = reloaded(&self.broker) + ENCRYPTED_LISTENERS;
        self.broker.replace_certificate();
        self.broker.signal("HUP");
        wait("the new certificate", || reloaded(&self.broker) >= wanted)
    }

    /// Moves the wall clock by this many seconds.
    pub fn step_clock(&mut self, seconds: i64) {
        self.simulated.step_clock(seconds);
    }

    /// Checks that the broker is running and did not panic.
    ///
    /// # Errors
    /// If the broker has ended or panicked.
    pub fn check(&mut self) -> Result<(), String> {
        if let Some(status) = self.broker.exit_status() {
            return Err(format!("the broker ended with {status}:\n{}", self.log()));
        }
        match self.broker.panics().first() {
            Some(panic) => Err(format!("the broker panicked: {panic}")),
            None => Ok(()),
        }
    }

    /// Stops the broker permanently, and checks its store with `tidegate store check`.
    ///
    /// # Errors
    /// If the broker does not exit with code 0, or the check finds faults.
    pub fn finish(mut self) -> Result<(), String> {
        let exit = self.terminate()?;
        if !exit.status.success() {
            return Err(format!("the store failed:\n{}", last_lines(&exit.errors)));
        }
        let mut check = std::process::Command::new(toolbox::broker());
        check.args(["store", "check", "--data"]).arg(self.broker.file("data"));
        let exit = Process::start("tidegate store check", &mut check).wait_for_exit(EVENT_TIMEOUT);
        if exit.status.success() {
            return Ok(());
        }
        Err(format!("the store has faults: {}\n{}", exit.output.join("\n"), last_lines(&exit.errors)))
    }

    /// Returns the last lines of the broker's log.
    #[must_use]
    pub fn log(&self) -> String {
        let text = self.broker.log().text();
        last_lines(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    /// Sends SIGTERM and waits for the broker to exit. The exit code must be 1 if the store has failed, and otherwise
    /// 0.
    fn terminate(&mut self) -> Result<ProcessExit, String> {
        self.check()?;
        self.broker.terminate();
        let exit = self.broker.wait_for_end();
        let has_failed = exit.errors.iter().any(|line| line.contains("the store failed"));
        if exit.status.code() == Some(i32::from(has_failed)) {
            return Ok(exit);
        }
        Err(format!("after SIGTERM the broker ended with {}:\n{}", exit.status, last_lines(&exit.errors)))
    }
}

/// Waits until `is_done` returns true. `awaited` names the event in the error.
///
/// # Errors
/// If `is_done` does not return true within [`EVENT_TIMEOUT`].
pub fn wait(awaited: &str, is_done: impl Fn() -> bool) -> Result<(), String> {
    let end = Instant::now() + EVENT_TIMEOUT;
    while !is_done() {
        if Instant::now() > end {
            return Err(format!("timed out after {EVENT_TIMEOUT:?} waiting for {awaited}"));
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

fn last_lines(lines: &[String]) -> String {
    lines.iter().skip(lines.len().saturating_sub(LOG_LINES_SHOWN)).cloned().collect::<Vec<_>>().join("\n")
}

const ENCRYPTED_LISTENERS: usize = 3;
const LOG_LINES_SHOWN: usize = 30;
const POLL_INTERVAL: Duration = Duration::from_millis(10);
