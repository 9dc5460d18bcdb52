//! Chooses the group member that receives a message.

use std::sync::atomic::Ordering;

use super::{Group, MemberState, Picked};
use crate::subscriber_set::{SubscriberSet, mix_bits};
use crate::subscription::Member;
use crate::{Strategy, Subscriber};

/// A member that could receive the message. The candidate with the highest rank wins; among equal ranks, the first
/// candidate wins.
struct Candidate<M> {
    member: M,
    member_position: usize,
    /// Whether the member is online, then its rank by the strategy.
    rank: (bool, u64),
}

impl<S: Subscriber> Group<S> {
    /// Chooses a member for a message of this publisher by the configured strategy. An offline member is chosen only if
    /// no examined member is online. The member `excluded` is never chosen: a delivery to this member has failed.
    /// Returns `None` if no other member is left.
    ///
    /// At most `candidates_max` neighbouring members are examined. If none of them can be chosen, any other member is
    /// chosen.
    pub fn pick(
        &self,
        publisher: u64,
        random: u64,
        excluded: Option<u64>,
        state: impl Fn(&S) -> MemberState,
    ) -> Option<Picked<S>> {
        let members = self.members.load();
        let count = members.len();
        let first = self.first_position(count, publisher, random);
        let mut best: Option<Candidate<Member<S>>> = None;
        for offset in 0..count.min(self.candidates_max) {
            let position = (first + offset) % count;
            let Some(member) = members.nth(position) else { continue };
            if Some(member.subscriber.id()) == excluded {
                continue;
            }
            let rank = self.rank(publisher, &member.subscriber, state(&member.subscriber));
            if best.as_ref().is_none_or(|best| rank > best.rank) {
                best = Some(Candidate { member, member_position: position, rank });
            }
            if rank == (true, u64::MAX) {
                break;
            }
        }
        let Some(Candidate { member, member_position: position, .. }) = best else {
            return any_member(&members, excluded);
        };
        self.next_position.store(position.wrapping_add(1), Ordering::Relaxed);
        Some(Picked { subscriber: member.subscriber, grant: member.grant })
    }

    /// Returns the position of the first member to examine.
    fn first_position(&self, count: usize, publisher: u64, random: u64) -> usize {
        let count_wide = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        let start = match self.strategy {
            Strategy::RoundRobin | Strategy::LeastInflight => {
                return self.next_position.load(Ordering::Relaxed).checked_rem(count).unwrap_or_default();
            }
            Strategy::Random => random % count_wide,
            Strategy::Sticky => mix_bits(publisher) % count_wide,
        };
        usize::try_from(start).unwrap_or_default()
    }

    /// Returns the rank of a member. No member can exceed `(true, u64::MAX)`.
    fn rank(&self, publisher: u64, subscriber: &S, state: MemberState) -> (bool, u64) {
        let rank = match self.strategy {
            Strategy::RoundRobin | Strategy::Random => u64::MAX,
            // Highest-random-weight hashing: when a member joins or leaves, only the publishers assigned to that member
            // change to another member.
            Strategy::Sticky => mix_bits(mix_bits(publisher) ^ subscriber.id()) >> 1,
            Strategy::LeastInflight => u64::MAX - u64::from(state.inflight),
        };
        (state.online, rank)
    }
}

/// Returns any member except `excluded`. This function is needed when the search by position finds no member: the only
/// examined member may be `excluded`, and concurrent joins and leaves shift positions, so the search can miss members
/// that stay in the group.
fn any_member<S: Subscriber>(members: &SubscriberSet<Member<S>>, excluded: Option<u64>) -> Option<Picked<S>> {
    let mut all = Vec::with_capacity(members.len());
    members.collect(&mut all);
    let member = all.into_iter().find(|member| Some(member.subscriber.id()) != excluded)?;
    Some(Picked { subscriber: member.subscriber, grant: member.grant })
}
