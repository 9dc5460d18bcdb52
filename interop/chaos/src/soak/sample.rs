//! The quantities that are measured of the broker's process and its store.

use std::fs;
use std::time::Duration;

use procfs::process::Process;
use tidegate_interop::broker::Broker;

use super::series::{Limit, Series};

/// All series of one run.
pub struct Samples {
    warm_up: Duration,
    memory: Series,
    descriptors: Series,
    threads: Series,
    store: Series,
}

impl Samples {
    /// Creates empty series. Samples taken before the end of the warm-up are ignored.
    pub fn new(warm_up: Duration) -> Self {
        Self {
            warm_up,
            memory: Series::new("memory (RssAnon), KiB"),
            descriptors: Series::new("open descriptors"),
            threads: Series::new("threads"),
            store: Series::new("store file, KiB"),
        }
    }

    /// Adds one sample to each series.
    pub fn take(&mut self, at: Duration, broker: &Broker) -> Result<(), Box<dyn std::error::Error>> {
        let process = Process::new(broker.process_id().try_into()?)?;
        let status = process.status()?;
        if at < self.warm_up {
            return Ok(());
        }
        // RssAnon does not contain the mapped pages of the store, which can grow to the size of the store.
        self.memory.add(at, status.rssanon.ok_or("the kernel does not report RssAnon")?);
        self.threads.add(at, status.threads);
        self.descriptors.add(at, u64::try_from(process.fd_count()?)?);
        self.store.add(at, fs::metadata(broker.file("data/store/data.mdb"))?.len() / 1024);
        Ok(())
    }

    /// Compares each series with its limit. Returns a line for each series.
    ///
    /// # Errors
    /// All lines, if a series has grown above its limit.
    pub fn judge(&self) -> Result<Vec<String>, String> {
        let limits = [
            (&self.memory, MEMORY_LIMIT),
            (&self.descriptors, DESCRIPTORS_LIMIT),
            (&self.threads, THREADS_LIMIT),
            (&self.store, STORE_LIMIT),
        ];
        let verdicts: Vec<_> = limits.iter().map(|(series, limit)| series.judge(*limit)).collect();
        let is_right = verdicts.iter().all(Result::is_ok);
        let lines: Vec<_> = verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|line| line)).collect();
        if is_right { Ok(lines) } else { Err(lines.join("\n")) }
    }
}

/// The limits allow for the number of connected clients and the length of queues, which differ between samples.
const MEMORY_LIMIT: Limit = Limit { absolute: 4096.0, percent: 10.0 };
const DESCRIPTORS_LIMIT: Limit = Limit { absolute: 8.0, percent: 10.0 };
const THREADS_LIMIT: Limit = Limit { absolute: 0.5, percent: 0.0 };
/// The file may grow by one step: the store grows its map by half of its size, without the disk reserve. A second step
/// exceeds the limit.
const STORE_LIMIT: Limit = Limit { absolute: 1024.0, percent: 25.0 };
