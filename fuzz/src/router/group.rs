//! Checks the choice of a member of a shared subscription: whether the chosen member is allowed, and whether each
//! strategy keeps its promise.

use std::collections::BTreeSet;

use tidegate_routing::{Group, MemberState, Strategy};

use super::operation::Pick;
use super::subscriptions::{SubscriberId, Subscriptions, parse};

/// Chooses a member of a shared subscription and checks the choice.
pub(super) fn check_pick(subscriptions: &Subscriptions, pick: Pick) {
    let filter = parse(pick.filter);
    let members: BTreeSet<u64> =
        subscriptions.model.keys().filter(|(of, _)| *of == filter).map(|(_, id)| *id).collect();
    let Some(group) = subscriptions.router.group(&filter) else {
        assert!(members.is_empty(), "{filter} has members and no group");
        return;
    };
    assert_eq!(group.len(), members.len(), "members of {filter}");
    assert_eq!(group.filter(), &filter);
    let candidates: BTreeSet<u64> = members.into_iter().filter(|id| Some(*id) != pick.excluded).collect();
    let considers_all = subscriptions.config.candidates_max >= group.len();
    let chosen = choose(&group, pick);
    match chosen {
        None => assert!(candidates.is_empty() || !considers_all, "none of {candidates:?} was chosen"),
        Some(id) => {
            assert!(candidates.contains(&id), "{id} is not one of {candidates:?}");
            let grant = subscriptions.model.get(&(filter, id)).copied();
            assert!(grant.is_some());
            if considers_all {
                check_best(&group, pick, id, &candidates, subscriptions.config.shared_strategy);
            }
        }
    }
}

fn check_best(
    group: &Group<SubscriberId>,
    pick: Pick,
    chosen: u64,
    candidates: &BTreeSet<u64>,
    strategy: Strategy,
) {
    let online: BTreeSet<u64> =
        candidates.iter().copied().filter(|id| member_state(pick, *id).online).collect();
    let best = if online.is_empty() { candidates } else { &online };
    assert!(best.contains(&chosen), "{chosen} is offline, {online:?} are online");
    match strategy {
        Strategy::Sticky => {
            assert_eq!(choose(group, pick), Some(chosen), "sticky, but another member is chosen")
        }
        Strategy::LeastInflight => {
            let least = best.iter().map(|id| member_state(pick, *id).inflight).min();
            assert_eq!(
                Some(member_state(pick, chosen).inflight),
                least,
                "another member has fewer messages in flight"
            );
        }
        Strategy::RoundRobin => {
            let round: BTreeSet<_> = best.iter().filter_map(|_| choose(group, pick)).collect();
            assert_eq!(&round, best, "one round does not reach every member");
        }
        _ => {}
    }
}

fn choose(group: &Group<SubscriberId>, pick: Pick) -> Option<u64> {
    let picked =
        group.pick(pick.publisher, pick.random, pick.excluded, |member| member_state(pick, member.0));
    picked.map(|picked| picked.subscriber.0)
}

fn member_state(pick: Pick, id: u64) -> MemberState {
    MemberState {
        online: pick.online & (1 << (id % 8)) != 0,
        inflight: (id as u32 % 64 * 7 + u32::from(pick.online)) % 5,
    }
}
