//! A node: who subscribes at it, and which edges leave it. A node's value is immutable and replaced as a whole; what
//! leaves it is counted in place, because it changes with every new child.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::Subscriber;
use crate::group::Group;
use crate::roster::{Change, Roster};
use crate::subscription::Member;

/// Subscribers and groups of one filter.
#[derive(Clone)]
pub(crate) struct Audience<S> {
    pub(crate) members: Roster<Member<S>>,
    pub(crate) groups: Roster<Arc<Group<S>>>,
}

impl<S> Default for Audience<S> {
    fn default() -> Self {
        Self { members: Roster::Empty, groups: Roster::Empty }
    }
}

impl<S: Subscriber> Audience<S> {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.groups.is_empty()
    }

    /// The audience to put in place of this one, if a change of its members asks for it.
    pub(crate) fn with_members(&self, change: Change<Member<S>>) -> Option<Self> {
        let Change::Into(members) = change else { return None };
        Some(Self { members, groups: self.groups.clone() })
    }

    /// The audience to put in place of this one, if a change of its groups asks for it.
    pub(crate) fn with_groups(&self, change: Change<Arc<Group<S>>>) -> Option<Self> {
        let Change::Into(groups) = change else { return None };
        Some(Self { members: self.members.clone(), groups })
    }
}

/// What an edge leads to.
#[derive(Clone)]
pub(super) struct Node<S> {
    /// Who subscribes to exactly this filter.
    pub(super) here: Audience<S>,
    /// Who subscribes to this filter followed by `/#`. Never empty.
    pub(super) below: Option<Box<Audience<S>>>,
    /// Where edges leave, if any do.
    pub(super) branch: Option<Arc<Branch>>,
}

impl<S> Default for Node<S> {
    fn default() -> Self {
        Self { here: Audience::default(), below: None, branch: None }
    }
}

impl<S: Subscriber> Node<S> {
    pub(super) fn is_empty(&self) -> bool {
        self.here.is_empty() && self.below.is_none() && self.branch.is_none()
    }

    /// Sets who subscribes to this filter, or to this filter followed by `/#`.
    pub(super) fn set(&mut self, audience: Audience<S>, below: bool) {
        if below {
            self.below = (!audience.is_empty()).then(|| Box::new(audience));
        } else {
            self.here = audience;
        }
    }

    pub(super) fn use_of(&self) -> Use {
        let below = self.below.is_some();
        Use {
            exists: !self.is_empty(),
            ends: below || !self.here.is_empty(),
            through: below || self.branch.is_some(),
        }
    }
}

/// What a reader can find at the end of an edge.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) exists: bool,
    /// Subscriptions for a topic that ends there.
    pub(super) ends: bool,
    /// Subscriptions for a topic that goes on.
    pub(super) through: bool,
}

/// The edges that leave a node, by the number of their levels: tells readers which look-ups can be left out.
pub(super) struct Branch {
    pub(super) id: u64,
    ends: AtomicU64,
    through: AtomicU64,
    plus: AtomicBool,
    /// Used by the one writer only.
    tally: Mutex<SmallVec<[Length; 1]>>,
}

/// How many edges of one length leave a branch.
struct Length {
    bit: u64,
    edges: u32,
    ends: u32,
    through: u32,
}

impl Branch {
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            ends: AtomicU64::new(0),
            through: AtomicU64::new(0),
            plus: AtomicBool::new(false),
            tally: Mutex::new(SmallVec::new()),
        }
    }

    pub(super) fn has_plus(&self) -> bool {
        self.plus.load(Ordering::Acquire)
    }

    pub(super) fn set_plus(&self, present: bool) {
        self.plus.store(present, Ordering::Release);
    }

    /// Lengths worth a look-up when `remaining` levels of the topic are left: one bit each, see [`length_bit`].
    pub(super) fn lengths(&self, remaining: usize) -> u64 {
        let last = length_bit(remaining);
        let reachable = last | (last - 1);
        (self.through.load(Ordering::Acquire) & reachable) | (self.ends.load(Ordering::Acquire) & last)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_plus() && self.tally.lock().is_empty()
    }

    /// An edge of this length was used as `old` and is used as `new` from now on.
    pub(super) fn count(&self, length: usize, old: Use, new: Use) {
        let bit = length_bit(length);
        let mut tally = self.tally.lock();
        let index = tally.iter().position(|entry| entry.bit == bit).unwrap_or_else(|| {
            tally.push(Length { bit, edges: 0, ends: 0, through: 0 });
            tally.len() - 1
        });
        let Some(entry) = tally.get_mut(index) else { unreachable!("found or pushed above") };
        recount(&mut entry.edges, old.exists, new.exists);
        recount(&mut entry.ends, old.ends, new.ends);
        recount(&mut entry.through, old.through, new.through);
        publish(&self.ends, bit, entry.ends);
        publish(&self.through, bit, entry.through);
        if entry.edges == 0 {
            tally.swap_remove(index);
            tally.shrink_to_fit();
        }
    }
}

fn recount(count: &mut u32, old: bool, new: bool) {
    *count = *count + u32::from(new) - u32::from(old);
}

fn publish(mask: &AtomicU64, bit: u64, count: u32) {
    if count == 0 {
        mask.fetch_and(!bit, Ordering::Release);
    } else if mask.load(Ordering::Relaxed) & bit == 0 {
        mask.fetch_or(bit, Ordering::Release);
    }
}

/// The bit of a run of `length` levels; the highest stands for all runs of 64 levels and more.
pub(super) fn length_bit(length: usize) -> u64 {
    let place = u32::try_from(length.clamp(1, 64) - 1).unwrap_or(63);
    1 << place
}
