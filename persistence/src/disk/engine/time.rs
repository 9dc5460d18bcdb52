//! Keeps the time mark in the file up to date.

use super::Engine;
use crate::clock::Clock;
use crate::disk::fault::Fault;
use crate::disk::tables::TIME_KEY;

impl Engine {
    /// Returns the clock that converts between store time and the monotonic clock.
    pub(in crate::disk) fn clock(&self) -> Clock {
        self.timeline.clock()
    }

    /// Writes the time mark if a new one is due, or if `is_forced`. Returns `true` if the mark was written. If the map is
    /// full, it grows. If the store has no space, the former mark stays in the file.
    pub(in crate::disk) fn keep_time(&mut self, is_forced: bool) -> Result<bool, Fault> {
        if !is_forced && !self.timeline.is_mark_due() {
            return Ok(false);
        }
        match self.write_time_and_grow().map_err(|fault| fault.detect_full_disk(self.map.folder())) {
            Err(fault) if fault.is_out_of_space() => Ok(false),
            written => written.map(|()| true),
        }
    }

    fn write_time_and_grow(&mut self) -> Result<(), Fault> {
        loop {
            match self.write_time() {
                Err(Fault::MapFull) if self.map.clear_stale_readers()? || self.grow()? => {}
                written => return written,
            }
        }
    }

    fn write_time(&mut self) -> Result<(), Fault> {
        let mark = self.timeline.mark();
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        meta.raise_schema(&mut txn)?;
        meta.put(&mut txn, TIME_KEY, &mark.to_bytes())?;
        txn.commit()?;
        self.timeline.mark_written(mark);
        self.empty_commit_done = false;
        Ok(())
    }
}
