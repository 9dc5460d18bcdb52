//! How large the map may be: up to the size limit, and up to what the disk has space for. Behind it, the file has a
//! reserve.

use std::io::{Error as IoError, ErrorKind};

use tidegate_limits::memory;

use super::map::{PAGE_MAX, whole_pages};
use crate::config::Config;
use crate::disk::allocation::Allocation;
use crate::disk::fault::Fault;
use crate::error::Reason;

/// The size of the map, and the space behind it.
#[derive(Debug)]
pub(in crate::disk) struct Capacity {
    allocation: Allocation,
    /// The size of the map while nothing is in the reserve.
    size: usize,
    /// The configured limit of `size`.
    size_max: usize,
    /// Bytes that are reserved on the disk behind `size`.
    disk_reserve: usize,
    /// The limit of `disk_reserve`.
    disk_reserve_max: usize,
    /// Why the file could not grow when it last had to, below the size limit.
    disk_full: Option<String>,
}

/// Space behind the size of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserve {
    /// Space that any change may use.
    Any,
    /// Additional space for changes that free at least as much as they add.
    Freeing,
}

impl Capacity {
    /// Divides the space of the file. A file on a small disk has a smaller reserve. A reserve that grew earlier stays as it
    /// is: the end of the file that no page uses. `used`: bytes up to the last page that was ever used.
    pub(in crate::disk) fn new(allocation: Allocation, used: usize, config: &Config) -> Self {
        let length = allocation.length();
        let (reserve, wanted) = (disk_reserve(config, config.disk_reserve), length_wanted(config));
        let disk_reserve_max = disk_reserve(config, config.disk_reserve_max).max(reserve);
        let unused = length.saturating_sub(used).saturating_sub(whole_pages(config.size_initial));
        let share = match length < wanted {
            true => reserve.saturating_mul(length) / wanted,
            false => unused.clamp(reserve, disk_reserve_max),
        };
        let disk_reserve = share - share % PAGE_MAX;
        let size_max = whole_pages(config.size_max);
        let size = length.saturating_sub(disk_reserve).min(size_max);
        Self { allocation, size, size_max, disk_reserve, disk_reserve_max, disk_full: None }
    }

    /// The size of the map while nothing is in the reserve.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The configured limit of the size of the map.
    pub(super) fn size_max(&self) -> usize {
        self.size_max
    }

    /// Bytes of the file that are reserved on the disk.
    pub(in crate::disk) fn length(&self) -> usize {
        self.allocation.length()
    }

    /// Bytes that are reserved on the disk behind the map.
    pub(super) fn disk_reserve(&self) -> usize {
        self.disk_reserve
    }

    /// Whether the configured limit is reached. If not, the disk is what ends the growth.
    pub(super) fn is_at_size_limit(&self) -> bool {
        self.size >= self.size_max
    }

    /// Makes the map larger: by half, at most by `GROWTH_MAX`, and by less on a disk that is almost full or with little
    /// memory. Returns false at the size limit, or when the disk has no space.
    pub(super) fn grow(&mut self) -> Result<bool, Fault> {
        let mut step = whole_pages((self.size / 2).clamp(GROWTH_MIN, GROWTH_MAX));
        while step > GROWTH_MIN && memory::look(step).is_err() {
            step = whole_pages(step / 2);
        }
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

    /// Doubles the reserve, up to its limit, unless that takes a noticeable part of what the disk has left. Returns true if
    /// it has grown.
    pub(super) fn grow_reserve(&mut self) -> Result<bool, Fault> {
        let reserve = self.disk_reserve.saturating_mul(2).min(self.disk_reserve_max);
        let missing = reserve - self.disk_reserve;
        if missing == 0 || self.is_at_size_limit() || self.allocation.available()? / RESERVE_SHARE < missing {
            return Ok(false);
        }
        match self.allocation.extend(self.size.saturating_add(reserve)) {
            Ok(()) => self.disk_reserve = reserve,
            Err(error) if is_full(&error) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// The size of the map including that reserve. `current`: the size of the map now.
    ///
    /// At the size limit, the reserve is a part of the limit and need not be on the disk yet. On a full disk, it is what
    /// was reserved there.
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

    /// The fault of a change that does not fit.
    pub(super) fn full(&self) -> Fault {
        match &self.disk_full {
            Some(error) if !self.is_at_size_limit() => Fault::NoSpace(error.clone()),
            _ => Fault::SizeLimit(self.size_max),
        }
    }

    /// Why the store is full.
    pub(in crate::disk) fn full_reason(&self) -> Reason {
        Reason::from(self.full())
    }
}

/// The length of a new file: the map, and the reserve behind it.
pub(in crate::disk) fn length_wanted(config: &Config) -> usize {
    whole_pages(config.size_initial).saturating_add(disk_reserve(config, config.disk_reserve))
}

/// What to reserve on the disk behind the map: no more than the reserve that the size limit has.
fn disk_reserve(config: &Config, reserve: usize) -> usize {
    whole_pages(reserve).min(2 * limit_reserve(whole_pages(config.size_max)))
}

/// One of the two reserves above the size limit.
fn limit_reserve(size_max: usize) -> usize {
    whole_pages((size_max / 16).max(RESERVE_MIN))
}

fn is_full(error: &IoError) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

/// A growing reserve takes at most one part in `RESERVE_SHARE` of what the disk has left.
const RESERVE_SHARE: usize = 8;
const RESERVE_MIN: usize = 512 << 10;
const GROWTH_MIN: usize = 256 << 10;
const GROWTH_MAX: usize = 256 << 20;
