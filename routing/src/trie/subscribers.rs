//! Who subscribes to one filter: members and groups.

use std::sync::Arc;

use crate::Subscriber;
use crate::group::Group;
use crate::subscriber_set::{SetUpdate, SubscriberSet};
use crate::subscription::Member;

/// Subscribers and groups of one filter.
#[derive(Clone, Default)]
pub(crate) enum Subscribers<S> {
    /// Nobody at all.
    #[default]
    Empty,
    /// One subscriber and no group: the usual case, without an allocation.
    One(Member<S>),
    /// Any others.
    Many(Arc<MembersAndGroups<S>>),
}

/// See [`Subscribers::Many`].
pub(crate) struct MembersAndGroups<S> {
    members: SubscriberSet<Member<S>>,
    groups: SubscriberSet<Arc<Group<S>>>,
}

impl<S: Subscriber> Subscribers<S> {
    fn of(members: SubscriberSet<Member<S>>, groups: SubscriberSet<Arc<Group<S>>>) -> Self {
        match (members, groups) {
            (SubscriberSet::Empty, SubscriberSet::Empty) => Self::Empty,
            (SubscriberSet::One(member), SubscriberSet::Empty) => Self::One(member),
            (members, groups) => Self::Many(Arc::new(MembersAndGroups { members, groups })),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The ordinary subscribers.
    pub(crate) fn members(&self) -> SubscriberSet<Member<S>> {
        match self {
            Self::Empty => SubscriberSet::Empty,
            Self::One(member) => SubscriberSet::One(member.clone()),
            Self::Many(both) => both.members.clone(),
        }
    }

    /// The groups.
    pub(crate) fn groups(&self) -> SubscriberSet<Arc<Group<S>>> {
        match self {
            Self::Empty | Self::One(_) => SubscriberSet::Empty,
            Self::Many(both) => both.groups.clone(),
        }
    }

    /// How many ordinary subscribers.
    pub(crate) fn members_len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Many(both) => both.members.len(),
        }
    }

    /// Appends everybody.
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

    /// The audience to put in place of this one, if a change of its members asks for it.
    pub(crate) fn with_members(&self, update: SetUpdate<Member<S>>) -> Option<Self> {
        let SetUpdate::Replace(members) = update else { return None };
        Some(Self::of(members, self.groups()))
    }

    /// The audience to put in place of this one, if a change of its groups asks for it.
    pub(crate) fn with_groups(&self, update: SetUpdate<Arc<Group<S>>>) -> Option<Self> {
        let SetUpdate::Replace(groups) = update else { return None };
        Some(Self::of(self.members(), groups))
    }
}
