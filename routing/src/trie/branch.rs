//! The lengths of the edges that leave a node. They change in place, because every new or removed child changes them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

use super::node::EdgeUse;

/// The lengths, in levels, of the edges that leave a node. A reader looks up only edges with one of these lengths,
/// because other look-ups cannot succeed.
pub(super) struct Branch {
    pub(super) id: u64,
    /// The lengths of the edges at which a filter ends, as one bit per length (see [`length_bit`]).
    end_lengths: AtomicU64,
    /// The lengths of the edges after which a filter continues, as one bit per length.
    continuing_lengths: AtomicU64,
    /// Whether an edge for `+` leaves the node.
    plus: AtomicBool,
    /// The numbers of edges by length. Only the writing thread uses these numbers.
    counts: Mutex<SmallVec<[LengthCount; 1]>>,
}

/// Numbers of edges of one length that leave a branch: of all, of those at which a filter ends, and of those after
/// which a filter continues. See [`EdgeUse`].
struct LengthCount {
    /// The bit of the length, see [`length_bit`].
    bit: u64,
    edges: u32,
    ends: u32,
    continues: u32,
}

impl Branch {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            end_lengths: AtomicU64::new(0),
            continuing_lengths: AtomicU64::new(0),
            plus: AtomicBool::new(false),
            counts: Mutex::new(SmallVec::new()),
        }
    }

    pub(super) fn has_plus(&self) -> bool {
        self.plus.load(Ordering::Acquire)
    }

    pub(super) fn set_plus(&self, present: bool) {
        self.plus.store(present, Ordering::Release);
    }

    /// Returns the edge lengths worth looking up when `remaining` levels of the topic are left, as one bit per length
    /// (see [`length_bit`]).
    pub(super) fn lengths(&self, remaining: usize) -> u64 {
        let last = length_bit(remaining);
        let reachable = last | (last - 1);
        (self.continuing_lengths.load(Ordering::Acquire) & reachable)
            | (self.end_lengths.load(Ordering::Acquire) & last)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_plus() && self.counts.lock().is_empty()
    }

    /// Updates the counts for an edge of this length whose use changes from `old` to `new`.
    pub(super) fn update_counts(&self, length: usize, old: EdgeUse, new: EdgeUse) {
        let bit = length_bit(length);
        let mut counts = self.counts.lock();
        let index = counts.iter().position(|entry| entry.bit == bit).unwrap_or_else(|| {
            counts.push(LengthCount { bit, edges: 0, ends: 0, continues: 0 });
            counts.len() - 1
        });
        let Some(entry) = counts.get_mut(index) else { unreachable!("found or pushed above") };
        adjust_count(&mut entry.edges, old.exists, new.exists);
        adjust_count(&mut entry.ends, old.ends, new.ends);
        adjust_count(&mut entry.continues, old.continues, new.continues);
        set_mask_bit(&self.end_lengths, bit, entry.ends);
        set_mask_bit(&self.continuing_lengths, bit, entry.continues);
        if entry.edges == 0 {
            counts.swap_remove(index);
            counts.shrink_to_fit();
        }
    }
}

fn adjust_count(count: &mut u32, old: bool, new: bool) {
    *count = *count + u32::from(new) - u32::from(old);
}

fn set_mask_bit(mask: &AtomicU64, bit: u64, count: u32) {
    if count == 0 {
        mask.fetch_and(!bit, Ordering::Release);
    } else if mask.load(Ordering::Relaxed) & bit == 0 {
        mask.fetch_or(bit, Ordering::Release);
    }
}

/// Returns the bit for a run of `length` levels. The highest bit stands for all runs of 64 levels or more.
pub(super) fn length_bit(length: usize) -> u64 {
    let shift = u32::try_from(length.clamp(1, 64) - 1).unwrap_or(63);
    1 << shift
}
