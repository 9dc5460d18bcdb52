//! From matching subscriptions to one delivery a subscriber.

use smallvec::SmallVec;

use super::{Delivery, Merged, Own};
use crate::subscription::Member;
use crate::{Grant, Subscriber};

/// Merges members of several filters by subscriber `[MQTT5-3.3.4-2]` `[MQTT3-3.3.5-1]`. `distinct` tells that they are all of
/// one filter, so that no two of them are the same subscriber.
pub(crate) fn deliveries<S: Subscriber>(mut members: Vec<&Member<S>>, distinct: bool) -> Vec<Delivery<S>> {
    if distinct {
        return members.iter().filter_map(|member| delivery(std::slice::from_ref(member))).collect();
    }
    members.sort_unstable_by_key(|member| member.subscriber.id());
    let same = |one: &&Member<S>, other: &&Member<S>| one.subscriber.id() == other.subscriber.id();
    members.chunk_by(same).filter_map(delivery).collect()
}

fn delivery<S: Subscriber>(members: &[&Member<S>]) -> Option<Delivery<S>> {
    let subscriber = members.first()?.subscriber.clone();
    let all = merged(members.iter().map(|member| &member.grant))?;
    let own = if members.iter().any(|member| member.grant.no_local) {
        let others = members.iter().map(|member| &member.grant).filter(|grant| !grant.no_local);
        merged(others).map_or(Own::Nothing, |less| Own::Less(Box::new(less)))
    } else {
        Own::Same
    };
    let Merged { qos, retain_as_published, identifiers } = all;
    Some(Delivery { id: subscriber.id(), subscriber, qos, retain_as_published, identifiers, own })
}

fn merged<'g>(mut grants: impl Iterator<Item = &'g Grant>) -> Option<Merged> {
    let first = grants.next()?;
    let mut merged = Merged {
        qos: first.qos,
        retain_as_published: first.retain_as_published,
        identifiers: SmallVec::new(),
    };
    merged.identifiers.extend(first.identifier.map(u32::from));
    for grant in grants {
        merged.qos = merged.qos.max(grant.qos);
        merged.retain_as_published |= grant.retain_as_published;
        merged.identifiers.extend(grant.identifier.map(u32::from));
    }
    Some(merged)
}
