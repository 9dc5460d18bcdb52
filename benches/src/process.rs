//! What the kernel says of a process: processor time and memory. Linux only.

use std::fs;
use std::time::Duration;

use crate::error::LoadError;

/// Microseconds a tick of /proc/PID/stat: USER_HZ is 100 on every Linux port.
const TICK_MICROS: u64 = 10_000;

/// A process to be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Another process, by its id.
    Id(u32),
    /// This one.
    Own,
}

/// Processor time used so far by all threads. Its grain is 10 ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessorTime {
    /// In the process's own code.
    pub user: Duration,
    /// In the kernel on its behalf.
    pub system: Duration,
}

impl ProcessorTime {
    /// User and system together.
    pub fn total(&self) -> Duration {
        self.user + self.system
    }

    /// What was used since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

impl Watched {
    /// Processor time used so far.
    pub fn processor_time(self) -> Result<ProcessorTime, LoadError> {
        ticks(&self.read("stat")?)
    }

    /// Resident memory (VmRSS) in KiB.
    pub fn resident_kib(self) -> Result<u64, LoadError> {
        let text = self.read("status")?;
        text.lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_ascii_whitespace().next())
            .and_then(|number| number.parse().ok())
            .ok_or(LoadError::Malformed("/proc status"))
    }

    /// Bytes that the process has had written to disks so far, or will have.
    pub fn written_bytes(self) -> Result<u64, LoadError> {
        self.read("io")?
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes:"))
            .and_then(|number| number.trim().parse().ok())
            .ok_or(LoadError::Malformed("/proc io"))
    }

    /// Processor time used so far by the threads of that name; none when there is no such thread. Its grain is 10 ms a
    /// thread.
    pub fn thread_time(self, name: &str) -> Result<Option<Duration>, LoadError> {
        let tasks =
            fs::read_dir(self.path("task")).map_err(LoadError::io("listing the process's threads"))?;
        let mut used = None;
        for task in tasks.filter_map(Result::ok) {
            // A thread may end between the listing and the reading.
            let Ok(text) = fs::read_to_string(task.path().join("stat")) else { continue };
            if thread_name(&text) == Some(name) {
                *used.get_or_insert(Duration::ZERO) += ticks(&text)?.total();
            }
        }
        Ok(used)
    }

    fn path(self, file: &str) -> String {
        match self {
            Self::Id(id) => format!("/proc/{id}/{file}"),
            Self::Own => format!("/proc/self/{file}"),
        }
    }

    fn read(self, file: &str) -> Result<String, LoadError> {
        fs::read_to_string(self.path(file)).map_err(LoadError::io("reading the process's figures"))
    }
}

/// The times in a line of /proc/PID/stat. The name in parentheses may hold anything, so count from its end; utime and stime
/// are fields 14 and 15.
fn ticks(stat: &str) -> Result<ProcessorTime, LoadError> {
    let (_, fields) = stat.rsplit_once(')').ok_or(LoadError::Malformed("/proc stat"))?;
    let mut ticks = fields.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || ticks.next().and_then(Result::ok).ok_or(LoadError::Malformed("/proc stat"));
    let user = Duration::from_micros(next()? * TICK_MICROS);
    let system = Duration::from_micros(next()? * TICK_MICROS);
    Ok(ProcessorTime { user, system })
}

fn thread_name(stat: &str) -> Option<&str> {
    Some(stat.split_once('(')?.1.rsplit_once(')')?.0)
}
