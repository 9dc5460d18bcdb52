//! Measures how long small writes to a disk take until they are durable. No broker can acknowledge durable messages
//! faster.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::LoadError;
use crate::latencies::{Latencies, Percentiles};
use crate::number::{float, ratio};

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `sync-probe`.
    pub case: &'static str,
    /// Figures of overwriting 4 KiB, followed by `fdatasync`.
    pub overwrite: Timing,
    /// Figures of writing 4 KiB into a hole of a sparse file, followed by `fdatasync`. The file system also has to
    /// record where the data is.
    pub hole: Timing,
    /// Figures of writing like an LMDB commit: overwriting some pages, `fdatasync`, then writing 4 KiB through a
    /// descriptor with `O_DSYNC`.
    pub pair: Timing,
    /// Figures of writing like an LMDB commit while the file grows: as for `pair`, but with pages in a hole.
    pub hole_pair: Timing,
}

/// The figures of one way of writing.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Timing {
    /// Writes per second.
    pub per_second: f64,
    /// Microseconds per write.
    pub micros: Option<Percentiles>,
}

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Time for which each way of writing is measured.
    pub duration: Duration,
    /// Number of 4 KiB pages before the first sync of a commit.
    pub pages: usize,
}

/// The temporary files of a run. Dropping this value removes the files.
struct Files<'a> {
    folder: &'a Path,
    data: File,
    /// The file for the last write of a commit, opened with `O_DSYNC`.
    meta: File,
}

/// Measures the disk of `folder` with two temporary files.
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
    // Each way of writing into holes has its own part of the file, because a hole exists only until it is written.
    Ok(Report {
        case: "sync-probe",
        overwrite: measure(page, 0, WRITTEN_LEN, false)?,
        hole: measure(page, HOLES_OFFSET, HOLE_LEN, false)?,
        pair: measure(&pages, 0, WRITTEN_LEN, true)?,
        hole_pair: measure(&pages, HOLES_OFFSET + HOLE_LEN, HOLE_LEN, true)?,
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
            options.open(folder.join(name)).map_err(LoadError::io("creating a test file"))
        };
        let (data, meta) = (create(DATA_FILE_NAME, 0)?, create(META_FILE_NAME, O_DSYNC)?);
        let files = Self { folder, data, meta };
        files.prepare().map_err(LoadError::io("writing a test file"))?;
        Ok(files)
    }

    /// Writes the first part of the data file and leaves a hole behind it.
    fn prepare(&self) -> std::io::Result<()> {
        let chunk = vec![1; 1 << 20];
        for at in (0..WRITTEN_LEN).step_by(chunk.len()) {
            self.data.write_all_at(&chunk, at)?;
        }
        self.data.set_len(HOLES_OFFSET + 2 * HOLE_LEN)?;
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
        // Errors are ignored, because the next run truncates leftover files.
        let _ = fs::remove_file(self.folder.join(DATA_FILE_NAME));
        let _ = fs::remove_file(self.folder.join(META_FILE_NAME));
    }
}

fn bytes_len(bytes: &[u8]) -> u64 {
    crate::number::count(bytes.len())
}

const DATA_FILE_NAME: &str = "sync-probe.data";
const META_FILE_NAME: &str = "sync-probe.meta";
const PAGE_LEN: usize = 4096;
/// Length of the part that is overwritten, in bytes.
const WRITTEN_LEN: u64 = 64 << 20;
/// Offset of the first hole, in bytes.
const HOLES_OFFSET: u64 = WRITTEN_LEN;
/// Length of the hole for each way of writing, in bytes. A run that has filled the whole hole continues at the start of
/// the hole and then overwrites data; with writes of one page, that happens only after two million writes.
const HOLE_LEN: u64 = 8 << 30;
/// The flag `O_DSYNC` of open(2). The value is the same on all Linux targets of Rust except MIPS, PA-RISC and SPARC.
const O_DSYNC: i32 = 0o10000;
