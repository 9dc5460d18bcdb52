//! The size of the map, which is limited by the configuration and by the space on the disk. After the map, the file has
//! a reserve.

use std::io::{Error as IoError, ErrorKind};

use tidegate_limits::memory;

use super::map::{PAGE_MAX, whole_pages};
use crate::config::Config;
use crate::disk::allocation::Allocation;
use crate::disk::fault::Fault;
use crate::error::Reason;

/// The size of the map, and the space reserved in the file after the map.
#[derive(Debug)]
pub(in crate::disk) struct Capacity {
    allocation: Allocation,
    /// The size of the map in bytes while the reserve is not used.
    size: usize,
    /// The configured limit of `size`.
    size_max: usize,
    /// Number of bytes reserved on the disk after `size`.
    disk_reserve: usize,
    /// The maximum of `disk_reserve`.
    disk_reserve_max: usize,
    /// The error of the latest attempt to extend the file below the size limit, if that attempt failed.
    disk_full: Option<String>,
    /// Whether memory was short at the last growth or checkpoint.
    is_memory_short: bool,
}

/// The parts of the reserve after the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserve {
    /// Space that any change may use.
    Any,
    /// Additional space for changes that free at least as much as they add.
    Freeing,
}

impl Capacity {
    /// Divides the space of the file into the map and the reserve. On a small disk, the file and the reserve are
    /// smaller. A reserve that was enlarged earlier keeps its size: it is the end of the file that no page uses. `used`
    /// is the number of bytes up to the last page that was ever used.
    pub(in crate::disk) fn new(allocation: Allocation, used: usize, config: &Config) -> Self {
        let length = allocation.length();
        let (reserve, wanted) = (disk_reserve(config, config.disk_reserve), initial_length(config));
        let disk_reserve_max = disk_reserve(config, config.disk_reserve_max).max(reserve);
        let unused = length.saturating_sub(used).saturating_sub(whole_pages(config.size_initial));
        let share = match length < wanted {
            true => reserve.saturating_mul(length) / wanted,
            false => unused.clamp(reserve, disk_reserve_max),
        };
        let disk_reserve = share - share % PAGE_MAX;
        let size_max = whole_pages(config.size_max);
        let size = length.saturating_sub(disk_reserve).min(size_max);
        Self {
            allocation,
            size,
            size_max,
            disk_reserve,
            disk_reserve_max,
            disk_full: None,
            is_memory_short: false,
        }
    }

    /// Returns the size of the map in bytes while the reserve is not used.
    pub(in crate::disk) fn size(&self) -> usize {
        self.size
    }

    /// Returns the configured limit of the size of the map.
    pub(super) fn size_max(&self) -> usize {
        self.size_max
    }

    /// Returns the number of bytes of the file that are reserved on the disk.
    pub(in crate::disk) fn length(&self) -> usize {
        self.allocation.length()
    }

    /// Returns the number of bytes reserved on the disk after the map.
    pub(super) fn disk_reserve(&self) -> usize {
        self.disk_reserve
    }

    /// Whether the map has reached the configured limit. Below this limit, only a full disk prevents the map from
    /// growing.
    pub(super) fn is_at_size_limit(&self) -> bool {
        self.size >= self.size_max
    }

    /// Whether memory was short at the last growth or checkpoint. The remaining memory is then needed for operations
    /// that the store has already accepted.
    pub(super) fn is_memory_short(&self) -> bool {
        self.is_memory_short
    }

    /// Records that there was not enough memory for a checkpoint.
    pub(super) fn record_memory_shortage(&mut self) {
        self.is_memory_short = true;
    }

    /// Checks whether there is enough memory again: for clients, or at least for commits if less than half of the map is
    /// `used`. Freed memory often stays with the process, but then the map need not grow. Returns `false` if memory is
    /// still short.
    pub(super) fn recover_memory(&mut self, used: usize) -> bool {
        let is_half_free = used <= self.size / 2 && memory::probe_accepted(0).is_ok();
        self.is_memory_short = self.is_memory_short && !is_half_free && memory::probe(MEMORY_STEP).is_err();
        !self.is_memory_short
    }

    /// Enlarges the map by half of its size, but at most by `GROWTH_MAX`, and by less if the disk is almost full or
    /// memory is short. Returns false if the map has reached the size limit or the disk has no space.
    pub(super) fn grow(&mut self) -> Result<bool, Fault> {
        let mut step = whole_pages((self.size / 2).clamp(GROWTH_MIN, GROWTH_MAX));
        let mut has_memory = memory::probe(step).is_ok();
        while !has_memory && step > MEMORY_STEP {
            step = whole_pages(step / 2).max(MEMORY_STEP);
            has_memory = memory::probe(step).is_ok();
        }
        self.is_memory_short |= !has_memory;
        while !self.is_at_size_limit() {
            let size = self.size.saturating_add(step).min(self.size_max);
            match self.allocation.extend(size.saturating_add(self.disk_reserve)) {
                Ok(()) => {
                    (self.size, self.disk_full) = (size, None);
                    return Ok(true);
                }
                Err(error) if is_full(&error) && step > GROWTH_MIN => step = whole_pages(step / 2),
                Err(error) if is_full(&error) => {
                    self.disk_full = Some(error.to_string());
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    /// Doubles the reserve, up to its maximum. Returns true if the reserve has grown. The reserve does not grow if it
    /// would take too large a part of the free disk space ([`RESERVE_GROWTH_DIVISOR`]).
    pub(super) fn grow_reserve(&mut self) -> Result<bool, Fault> {
        let reserve = self.disk_reserve.saturating_mul(2).min(self.disk_reserve_max);
        let missing = reserve - self.disk_reserve;
        if missing == 0
            || self.is_at_size_limit()
            || self.allocation.available()? / RESERVE_GROWTH_DIVISOR < missing
        {
            return Ok(false);
        }
        match self.allocation.extend(self.size.saturating_add(reserve)) {
            Ok(()) => self.disk_reserve = reserve,
            Err(error) if is_full(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Returns the size of the map including this part of the reserve. `current` is the present size of the map.
    ///
    /// At the size limit, the size of the reserve depends only on the limit, and its space need not be reserved on the
    /// disk. Below the limit, which means that the disk is full, the reserve is the space reserved on the disk.
    pub(super) fn size_with_reserve(&self, reserve: Reserve, current: usize) -> usize {
        if !self.is_at_size_limit() {
            return match reserve {
                Reserve::Any => self.size.saturating_add(whole_pages(self.disk_reserve / 2)),
                Reserve::Freeing => self.length(),
            };
        }
        let any = limit_reserve(self.size_max);
        match reserve {
            Reserve::Any => self.size_max.saturating_add(any),
            Reserve::Freeing => current.max(self.size_max).saturating_add(2 * any),
        }
    }

    /// Returns the fault of a change that does not fit into the map.
    pub(super) fn full(&self) -> Fault {
        match &self.disk_full {
            _ if self.is_at_size_limit() => Fault::SizeLimit(self.size_max),
            Some(error) => Fault::NoSpace(error.clone()),
            None if self.is_memory_short => Fault::NoMemory,
            None => Fault::SizeLimit(self.size_max),
        }
    }

    /// Returns the reason why the store is full.
    pub(in crate::disk) fn full_reason(&self) -> Reason {
        Reason::from(self.full())
    }
}

/// Returns the length of a new file: the initial size of the map plus the reserve.
pub(in crate::disk) fn initial_length(config: &Config) -> usize {
    whole_pages(config.size_initial).saturating_add(disk_reserve(config, config.disk_reserve))
}

/// Returns the number of bytes to reserve on the disk after the map: `reserve`, but at most the reserve used at the
/// size limit.
fn disk_reserve(config: &Config, reserve: usize) -> usize {
    whole_pages(reserve).min(2 * limit_reserve(whole_pages(config.size_max)))
}

/// Returns the size of each of the two parts of the reserve above the size limit.
fn limit_reserve(size_max: usize) -> usize {
    whole_pages((size_max / 16).max(RESERVE_MIN))
}

fn is_full(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// The reserve grows by at most the free disk space divided by this number. On a disk that is almost full, the rest is
/// left for the map and for other programs.
const RESERVE_GROWTH_DIVISOR: usize = 8;
/// The minimum of [`limit_reserve`] in bytes: enough for the commits of a store with the smallest `size_max`.
const RESERVE_MIN: usize = 512 << 10;
/// The smallest step in bytes by which the map grows. With smaller steps, a store on a full disk would try to grow too
/// often.
const GROWTH_MIN: usize = 256 << 10;
/// The smallest step in bytes by which the map grows if memory is short: large enough that few steps make room for a
/// batch.
const MEMORY_STEP: usize = 4 << 20;
/// The largest step in bytes by which the map grows, because the step is allocated on the disk while commits wait.
const GROWTH_MAX: usize = 256 << 20;
