//! Which member gets a message.

use std::sync::atomic::Ordering;

use super::{Group, MemberState, Picked};
use crate::subscriber_set::{SubscriberSet, mix};
use crate::subscription::Member;
use crate::{Strategy, Subscriber};

/// A member that could get the message, and how well it suits: the greater rank wins, the first of equals.
struct Candidate<M> {
    member: M,
    position: usize,
    rank: (bool, u64),
}

impl<S: Subscriber> Group<S> {
    /// Chooses a member for a message of this publisher, by the configured strategy. Members that are online come
    /// before those that are not; one that is not is chosen only when nobody else is there. `excluded` is not
    /// chosen at all (who has just failed to take the message). `None` when nobody is left.
    ///
    /// At most `candidates_max` neighbouring members are looked at.
    pub fn pick(
        &self,
        publisher: u64,
        random: u64,
        excluded: Option<u64>,
        state: impl Fn(&S) -> MemberState,
    ) -> Option<Picked<S>> {
        let members = self.members.load();
        let count = members.len();
        let first = self.first(count, publisher, random);
        let mut best: Option<Candidate<Member<S>>> = None;
        for offset in 0..count.min(self.candidates_max) {
            let position = (first + offset) % count;
            let Some(member) = members.nth(position) else { continue };
            if Some(member.subscriber.id()) == excluded {
                continue;
            }
            let rank = self.rank(publisher, &member.subscriber, state(&member.subscriber));
            if best.as_ref().is_none_or(|best| rank > best.rank) {
                best = Some(Candidate { member, position, rank });
            }
            if rank == (true, u64::MAX) {
                break;
            }
        }
        let Some(Candidate { member, position, .. }) = best else { return any_member(&members, excluded) };
        self.turn.store(position.wrapping_add(1), Ordering::Relaxed);
        Some(Picked { subscriber: member.subscriber, grant: member.grant })
    }

    /// Where the search begins.
    fn first(&self, count: usize, publisher: u64, random: u64) -> usize {
        let count_wide = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        let start = match self.strategy {
            Strategy::RoundRobin | Strategy::LeastInflight => {
                return self.turn.load(Ordering::Relaxed).checked_rem(count).unwrap_or_default();
            }
            Strategy::Random => random % count_wide,
            Strategy::Sticky => mix(publisher) % count_wide,
        };
        usize::try_from(start).unwrap_or_default()
    }

    /// Highest where nothing better can come.
    fn rank(&self, publisher: u64, subscriber: &S, state: MemberState) -> (bool, u64) {
        let rank = match self.strategy {
            Strategy::RoundRobin | Strategy::Random => u64::MAX,
            // Highest random weight: a member that comes or goes moves its own publishers only.
            Strategy::Sticky => mix(mix(publisher) ^ subscriber.id()) >> 1,
            Strategy::LeastInflight => u64::MAX - u64::from(state.inflight),
        };
        (state.online, rank)
    }
}

/// Whoever is there: members that come and go can hide those that stay from a search by position.
fn any_member<S: Subscriber>(members: &SubscriberSet<Member<S>>, excluded: Option<u64>) -> Option<Picked<S>> {
    let mut all = Vec::with_capacity(members.len());
    members.collect(&mut all);
    let member = all.into_iter().find(|member| Some(member.subscriber.id()) != excluded)?;
    Some(Picked { subscriber: member.subscriber, grant: member.grant })
}
