//! The subscribers of one filter: sessions and groups.

use std::sync::Arc;

use crate::Subscriber;
use crate::group::Group;
use crate::subscriber_set::{SetUpdate, SubscriberSet};
use crate::subscription::Member;

/// The subscribers of one filter.
#[derive(Clone, Default)]
pub(crate) enum Subscribers<S> {
    /// No subscribers and no groups.
    #[default]
    Empty,
    /// One subscriber and no group, the usual case. This variant needs no allocation.
    One(Member<S>),
    /// All other cases.
    Many(Arc<MembersAndGroups<S>>),
}

/// The ordinary subscribers and the groups of one filter.
pub(crate) struct MembersAndGroups<S> {
    members: SubscriberSet<Member<S>>,
    groups: SubscriberSet<Arc<Group<S>>>,
}

impl<S: Subscriber> Subscribers<S> {
    fn from_sets(members: SubscriberSet<Member<S>>, groups: SubscriberSet<Arc<Group<S>>>) -> Self {
        match (members, groups) {
            (SubscriberSet::Empty, SubscriberSet::Empty) => Self::Empty,
            (SubscriberSet::One(member), SubscriberSet::Empty) => Self::One(member),
            (members, groups) => Self::Many(Arc::new(MembersAndGroups { members, groups })),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Returns the ordinary (not shared) subscribers.
    pub(crate) fn members(&self) -> SubscriberSet<Member<S>> {
        match self {
            Self::Empty => SubscriberSet::Empty,
            Self::One(member) => SubscriberSet::One(member.clone()),
            Self::Many(both) => both.members.clone(),
        }
    }

    /// Returns the groups of shared subscriptions.
    pub(crate) fn groups(&self) -> SubscriberSet<Arc<Group<S>>> {
        match self {
            Self::Empty | Self::One(_) => SubscriberSet::Empty,
            Self::Many(both) => both.groups.clone(),
        }
    }

    /// Returns the number of ordinary subscribers.
    pub(crate) fn members_len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Many(both) => both.members.len(),
        }
    }

    /// Appends all ordinary subscribers to `members` and all groups to `groups`.
    pub(crate) fn collect(&self, members: &mut Vec<Member<S>>, groups: &mut Vec<Arc<Group<S>>>) {
        match self {
            Self::Empty => {}
            Self::One(member) => members.push(member.clone()),
            Self::Many(both) => {
                members.reserve(both.members.len());
                both.members.collect(members);
                both.groups.collect(groups);
            }
        }
    }

    /// Returns the value that must replace `self` after an update of the members; `None` if the members were changed in
    /// place.
    pub(crate) fn with_members(&self, update: SetUpdate<Member<S>>) -> Option<Self> {
        let SetUpdate::Replace(members) = update else { return None };
        Some(Self::from_sets(members, self.groups()))
    }

    /// Returns the value that must replace `self` after an update of the groups; `None` if the groups were changed in
    /// place.
    pub(crate) fn with_groups(&self, update: SetUpdate<Arc<Group<S>>>) -> Option<Self> {
        let SetUpdate::Replace(groups) = update else { return None };
        Some(Self::from_sets(self.members(), groups))
    }
}
