//! Who subscribes to one filter: members and groups.

use std::sync::Arc;

use crate::Subscriber;
use crate::group::Group;
use crate::roster::{Change, Roster};
use crate::subscription::Member;

/// Subscribers and groups of one filter.
#[derive(Clone, Default)]
pub(crate) enum Audience<S> {
    /// Nobody at all.
    #[default]
    Nobody,
    /// One subscriber and no group: the usual case, without an allocation.
    One(Member<S>),
    /// Any others.
    Crowd(Arc<Crowd<S>>),
}

/// See [`Audience::Crowd`].
pub(crate) struct Crowd<S> {
    members: Roster<Member<S>>,
    groups: Roster<Arc<Group<S>>>,
}

impl<S: Subscriber> Audience<S> {
    fn of(members: Roster<Member<S>>, groups: Roster<Arc<Group<S>>>) -> Self {
        match (members, groups) {
            (Roster::Empty, Roster::Empty) => Self::Nobody,
            (Roster::One(member), Roster::Empty) => Self::One(member),
            (members, groups) => Self::Crowd(Arc::new(Crowd { members, groups })),
        }
    }

    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// The ordinary subscribers.
    pub(crate) fn members(&self) -> Roster<Member<S>> {
        match self {
            Self::Nobody => Roster::Empty,
            Self::One(member) => Roster::One(member.clone()),
            Self::Crowd(crowd) => crowd.members.clone(),
        }
    }

    /// The groups.
    pub(crate) fn groups(&self) -> Roster<Arc<Group<S>>> {
        match self {
            Self::Nobody | Self::One(_) => Roster::Empty,
            Self::Crowd(crowd) => crowd.groups.clone(),
        }
    }

    /// How many ordinary subscribers.
    pub(crate) fn members_len(&self) -> usize {
        match self {
            Self::Nobody => 0,
            Self::One(_) => 1,
            Self::Crowd(crowd) => crowd.members.len(),
        }
    }

    /// Appends everybody.
    pub(crate) fn collect(&self, members: &mut Vec<Member<S>>, groups: &mut Vec<Arc<Group<S>>>) {
        match self {
            Self::Nobody => {}
            Self::One(member) => members.push(member.clone()),
            Self::Crowd(crowd) => {
                members.reserve(crowd.members.len());
                crowd.members.collect(members);
                crowd.groups.collect(groups);
            }
        }
    }

    /// The audience to put in place of this one, if a change of its members asks for it.
    pub(crate) fn with_members(&self, change: Change<Member<S>>) -> Option<Self> {
        let Change::Into(members) = change else { return None };
        Some(Self::of(members, self.groups()))
    }

    /// The audience to put in place of this one, if a change of its groups asks for it.
    pub(crate) fn with_groups(&self, change: Change<Arc<Group<S>>>) -> Option<Self> {
        let Change::Into(groups) = change else { return None };
        Some(Self::of(self.members(), groups))
    }
}
