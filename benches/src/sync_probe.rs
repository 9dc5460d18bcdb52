//! What the disk itself can do: how long small writes take until they are safe. The floor of every promise.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::LoadError;
use crate::latencies::{Latencies, Percentiles};
use crate::number::{float, ratio};

/// The figures.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `sync-probe`
    pub case: &'static str,
    /// 4 KiB written over, then `fdatasync`.
    pub overwrite: Timing,
    /// 4 KiB written into a hole of a sparse file, then `fdatasync`: the file system has to note where it is.
    pub hole: Timing,
    /// As LMDB commits: some pages written over and `fdatasync`, then 4 KiB through a descriptor with `O_DSYNC`.
    pub pair: Timing,
    /// The same into a hole, as LMDB does while its file grows.
    pub hole_pair: Timing,
}

/// One way of writing.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Timing {
    /// So often a second.
    pub per_second: f64,
    /// Microseconds each.
    pub micros: Option<Percentiles>,
}

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// How long each way is measured.
    pub duration: Duration,
    /// Pages of 4 KiB before the first sync of a pair.
    pub pages: usize,
}

/// The files of a probe, removed at its end.
struct Files<'a> {
    folder: &'a Path,
    data: File,
    meta: File,
}

/// Probes the disk of `folder` with two files of its own.
pub fn run(folder: &Path, scenario: &Scenario) -> Result<Report, LoadError> {
    let files = Files::create(folder)?;
    let pages = vec![7; PAGE_LEN * scenario.pages.clamp(1, 1024)];
    let page = pages.get(..PAGE_LEN).unwrap_or_default();
    let measure = |bytes: &[u8], from: u64, span: u64, pair: bool| {
        measure(scenario.duration, |turn| {
            let at = from + turn * bytes_len(bytes) % span;
            files.write(bytes, at, turn, pair)
        })
    };
    // Each way gets a part of the file of its own; holes are used up as they are measured.
    Ok(Report {
        case: "sync-probe",
        overwrite: measure(page, 0, WRITTEN_LEN, false)?,
        hole: measure(page, HOLES_AT, HOLES_LEN, false)?,
        pair: measure(&pages, 0, WRITTEN_LEN, true)?,
        hole_pair: measure(&pages, HOLES_AT + HOLES_LEN, HOLES_LEN, true)?,
    })
}

fn measure(
    duration: Duration,
    mut write: impl FnMut(u64) -> Result<(), LoadError>,
) -> Result<Timing, LoadError> {
    let mut times = Latencies::new()?;
    let began = Instant::now();
    let mut turns = 0;
    while began.elapsed() < duration {
        let at = Instant::now();
        write(turns)?;
        times.record(u64::try_from(at.elapsed().as_nanos()).unwrap_or(u64::MAX));
        turns += 1;
    }
    let per_second = ratio(float(turns), began.elapsed().as_secs_f64());
    Ok(Timing { per_second, micros: times.percentiles() })
}

impl<'a> Files<'a> {
    fn create(folder: &'a Path) -> Result<Self, LoadError> {
        let create = |name: &str, flags: i32| {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).custom_flags(flags);
            options.open(folder.join(name)).map_err(LoadError::io("making a file to probe with"))
        };
        let (data, meta) = (create(DATA, 0)?, create(META, O_DSYNC)?);
        let files = Self { folder, data, meta };
        files.prepare().map_err(LoadError::io("writing a file to probe with"))?;
        Ok(files)
    }

    /// A part that is written, and a hole behind it.
    fn prepare(&self) -> std::io::Result<()> {
        let chunk = vec![1; 1 << 20];
        for at in (0..WRITTEN_LEN).step_by(chunk.len()) {
            self.data.write_all_at(&chunk, at)?;
        }
        self.data.set_len(HOLES_AT + 2 * HOLES_LEN)?;
        self.meta.write_all_at(&[1; 2 * PAGE_LEN], 0)?;
        self.data.sync_all()?;
        self.meta.sync_all()
    }

    fn write(&self, bytes: &[u8], at: u64, turn: u64, pair: bool) -> Result<(), LoadError> {
        let written = self.data.write_all_at(bytes, at).and_then(|()| self.data.sync_data());
        let page = bytes.get(..PAGE_LEN).unwrap_or_default();
        let written = if pair {
            written.and_then(|()| self.meta.write_all_at(page, turn % 2 * bytes_len(page)))
        } else {
            written
        };
        written.map_err(LoadError::io("writing and syncing"))
    }
}

impl Drop for Files<'_> {
    fn drop(&mut self) {
        // Nothing depends on it: a new probe truncates what is left.
        let _ = fs::remove_file(self.folder.join(DATA));
        let _ = fs::remove_file(self.folder.join(META));
    }
}

fn bytes_len(bytes: &[u8]) -> u64 {
    crate::number::count(bytes.len())
}

const DATA: &str = "sync-probe.data";
const META: &str = "sync-probe.meta";
const PAGE_LEN: usize = 4096;
/// Of the part that is written over.
const WRITTEN_LEN: u64 = 64 << 20;
/// Where the holes begin.
const HOLES_AT: u64 = WRITTEN_LEN;
/// More than is written in any sensible duration; a disk that gets through it writes over the rest of the time.
const HOLES_LEN: u64 = 8 << 30;
/// Linux's value on all of Rust's ports but MIPS, PA-RISC and SPARC.
const O_DSYNC: i32 = 0o10000;
