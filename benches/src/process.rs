//! Reads the processor time, the memory and the disk writes of a process from /proc. The module works on Linux only.

use std::time::Duration;

use procfs::process::{Process, Stat};

use crate::error::LoadError;

/// A process whose resource use is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonitoredProcess {
    /// Another process, by its process id.
    Id(u32),
    /// The load generator itself.
    Own,
}

/// Processor time used so far by all threads of a process. The kernel counts in steps of 10 ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessorTime {
    /// Time in the process's own code.
    pub user: Duration,
    /// Time in the kernel on behalf of the process.
    pub system: Duration,
}

impl ProcessorTime {
    /// Returns the sum of user and system time.
    pub fn total(&self) -> Duration {
        self.user + self.system
    }

    /// Returns the processor time used since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

impl From<&Stat> for ProcessorTime {
    fn from(stat: &Stat) -> Self {
        let time = |ticks: u64| Duration::from_micros(ticks * 1_000_000 / procfs::ticks_per_second().max(1));
        Self { user: time(stat.utime), system: time(stat.stime) }
    }
}

impl MonitoredProcess {
    /// Returns the processor time used so far.
    pub fn processor_time(self) -> Result<ProcessorTime, LoadError> {
        Ok(ProcessorTime::from(&self.open()?.stat().map_err(LoadError::proc)?))
    }

    /// Returns the resident memory (VmRSS) in KiB.
    pub fn resident_kib(self) -> Result<u64, LoadError> {
        let status = self.open()?.status().map_err(LoadError::proc)?;
        status.vmrss.ok_or(LoadError::Exited)
    }

    /// Returns the number of bytes that the process has written to disks so far, including bytes that the kernel has
    /// not written yet.
    pub fn written_bytes(self) -> Result<u64, LoadError> {
        Ok(self.open()?.io().map_err(LoadError::proc)?.write_bytes)
    }

    /// Returns the processor time used so far by all running threads with this name, or `None` if there is no such
    /// thread. The kernel counts in steps of 10 ms per thread.
    pub fn thread_time(self, name: &str) -> Result<Option<Duration>, LoadError> {
        let threads = self.open()?.tasks().map_err(LoadError::proc)?;
        // A thread that ends before its figures are read is skipped.
        let stats = threads.filter_map(|thread| thread.ok()?.stat().ok());
        let times = stats.filter(|stat| stat.comm == name).map(|stat| ProcessorTime::from(&stat).total());
        Ok(times.reduce(|sum, time| sum + time))
    }

    fn open(self) -> Result<Process, LoadError> {
        let process = match self {
            Self::Id(id) => Process::new(
                i32::try_from(id).map_err(|_| LoadError::Arguments("--pid is not a valid process id"))?,
            ),
            Self::Own => Process::myself(),
        };
        process.map_err(LoadError::proc)
    }
}

#[cfg(test)]
mod tests;
