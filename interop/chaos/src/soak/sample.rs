//! What is measured of the broker's process and its store.

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
    /// No samples. Those of the warm-up do not count.
    pub fn new(warm_up: Duration) -> Self {
        Self {
            warm_up,
            memory: Series::new("memory (RssAnon), KiB"),
            descriptors: Series::new("open descriptors"),
            threads: Series::new("threads"),
            store: Series::new("store file, KiB"),
        }
    }

    /// Takes one sample of each.
    pub fn take(&mut self, at: Duration, broker: &Broker) -> Result<(), Box<dyn std::error::Error>> {
        let process = Process::new(broker.process_id().try_into()?)?;
        let status = process.status()?;
        if at < self.warm_up {
            return Ok(());
        }
        // Without the pages of the store that are mapped: they count up to the size of the store.
        self.memory.add(at, status.rssanon.ok_or("the kernel does not report RssAnon")?);
        self.threads.add(at, status.threads);
        self.descriptors.add(at, u64::try_from(process.fd_count()?)?);
        self.store.add(at, fs::metadata(broker.file("data/store/data.mdb"))?.len() / 1024);
        Ok(())
    }

    /// A line for each series.
    ///
    /// # Errors
    /// All lines, if one has grown too much.
    pub fn judge(&self) -> Result<Vec<String>, String> {
        let limits = [
            (&self.memory, MEMORY),
            (&self.descriptors, DESCRIPTORS),
            (&self.threads, THREADS),
            (&self.store, STORE),
        ];
        let verdicts: Vec<_> = limits.iter().map(|(series, limit)| series.judge(*limit)).collect();
        let is_right = verdicts.iter().all(Result::is_ok);
        let lines: Vec<_> = verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|line| line)).collect();
        if is_right { Ok(lines) } else { Err(lines.join("\n")) }
    }
}

/// Between two samples, some clients more or less are connected, and queues are longer or shorter.
const MEMORY: Limit = Limit { absolute: 4096.0, percent: 10.0 };
const DESCRIPTORS: Limit = Limit { absolute: 8.0, percent: 10.0 };
const THREADS: Limit = Limit { absolute: 0.5, percent: 0.0 };
/// One step of the map, which grows by half of its size, without the disk reserve. A second step is too much.
const STORE: Limit = Limit { absolute: 1024.0, percent: 25.0 };
