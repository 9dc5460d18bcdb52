//! From matching subscriptions to one delivery a subscriber.

use super::{Delivery, Merged, Own};
use crate::subscription::Member;
use crate::{Grant, Subscriber};

/// Merges members of several filters by subscriber `[MQTT5-3.3.4-2]` `[MQTT3-3.3.5-1]`. `distinct` tells that they are
/// all of one filter, so that no two of them are the same subscriber.
pub(crate) fn deliveries<S: Subscriber>(mut members: Vec<Member<S>>, distinct: bool) -> Vec<Delivery<S>> {
    if distinct {
        return members.into_iter().map(single).collect();
    }
    members.sort_by_cached_key(|member| member.subscriber.id());
    let same = |one: &Member<S>, other: &Member<S>| one.subscriber.id() == other.subscriber.id();
    members.chunk_by(same).filter_map(overlapping).collect()
}

fn single<S: Subscriber>(member: Member<S>) -> Delivery<S> {
    let Member { subscriber, grant } = member;
    let Merged { qos, retain_as_published, identifiers } = Merged::of(&grant);
    let own = if grant.no_local { Own::Nothing } else { Own::Same };
    Delivery { subscriber, qos, retain_as_published, identifiers, own }
}

fn overlapping<S: Subscriber>(members: &[Member<S>]) -> Option<Delivery<S>> {
    let subscriber = members.first()?.subscriber.clone();
    let all = merged(members.iter().map(|member| &member.grant))?;
    let own = if members.iter().any(|member| member.grant.no_local) {
        let others = members.iter().map(|member| &member.grant).filter(|grant| !grant.no_local);
        merged(others).map_or(Own::Nothing, |less| Own::Less(Box::new(less)))
    } else {
        Own::Same
    };
    let Merged { qos, retain_as_published, identifiers } = all;
    Some(Delivery { subscriber, qos, retain_as_published, identifiers, own })
}

fn merged<'g>(mut grants: impl Iterator<Item = &'g Grant>) -> Option<Merged> {
    let mut merged = Merged::of(grants.next()?);
    for grant in grants {
        merged.qos = merged.qos.max(grant.qos);
        merged.retain_as_published |= grant.retain_as_published;
        merged.identifiers.extend(grant.identifier.map(u32::from));
    }
    Some(merged)
}

impl Merged {
    fn of(grant: &Grant) -> Self {
        Self {
            qos: grant.qos,
            retain_as_published: grant.retain_as_published,
            identifiers: grant.identifier.map(u32::from).into_iter().collect(),
        }
    }
}
