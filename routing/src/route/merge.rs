//! Merges matching subscriptions into one delivery per subscriber.

use super::{Delivery, MergedGrant, OwnMessages};
use crate::subscription::Member;
use crate::{Grant, Subscriber};

/// Merges the matching subscriptions of each subscriber `[MQTT5-3.3.4-2]` `[MQTT3-3.3.5-1]`. The caller sets `distinct`
/// if all subscriptions are to the same filter, so that no subscriber occurs twice.
pub(crate) fn deliveries<S: Subscriber>(mut members: Vec<Member<S>>, distinct: bool) -> Vec<Delivery<S>> {
    if distinct {
        return members.into_iter().map(single_delivery).collect();
    }
    members.sort_by_cached_key(|member| member.subscriber.id());
    let mut merged = Vec::with_capacity(members.len());
    let mut rest = members.into_iter();
    while let Some(same) = rest.as_slice().chunk_by(is_same_subscriber).next() {
        let count = same.len();
        if count == 1 {
            merged.extend(rest.next().map(single_delivery));
        } else {
            merged.extend(merge_subscriptions(same));
            rest.by_ref().take(count).for_each(drop);
        }
    }
    merged
}

fn is_same_subscriber<S: Subscriber>(one: &Member<S>, other: &Member<S>) -> bool {
    one.subscriber.id() == other.subscriber.id()
}

fn single_delivery<S: Subscriber>(member: Member<S>) -> Delivery<S> {
    let Member { subscriber, grant } = member;
    let MergedGrant { qos, retain_as_published, subscription_identifiers } = MergedGrant::from_grant(&grant);
    let own_messages = if grant.no_local { OwnMessages::Nothing } else { OwnMessages::AsOthers };
    Delivery { subscriber, qos, retain_as_published, subscription_identifiers, own_messages }
}

fn merge_subscriptions<S: Subscriber>(members: &[Member<S>]) -> Option<Delivery<S>> {
    let subscriber = members.first()?.subscriber.clone();
    let all = merge_grants(members.iter().map(|member| &member.grant))?;
    let own_messages = if members.iter().any(|member| member.grant.no_local) {
        let others = members.iter().map(|member| &member.grant).filter(|grant| !grant.no_local);
        merge_grants(others).map_or(OwnMessages::Nothing, |reduced| OwnMessages::Reduced(Box::new(reduced)))
    } else {
        OwnMessages::AsOthers
    };
    let MergedGrant { qos, retain_as_published, subscription_identifiers } = all;
    Some(Delivery { subscriber, qos, retain_as_published, subscription_identifiers, own_messages })
}

fn merge_grants<'g>(mut grants: impl Iterator<Item = &'g Grant>) -> Option<MergedGrant> {
    let mut merged = MergedGrant::from_grant(grants.next()?);
    for grant in grants {
        merged.qos = merged.qos.max(grant.qos);
        merged.retain_as_published |= grant.retain_as_published;
        merged.subscription_identifiers.extend(grant.identifier.map(u32::from));
    }
    Some(merged)
}

impl MergedGrant {
    fn from_grant(grant: &Grant) -> Self {
        Self {
            qos: grant.qos,
            retain_as_published: grant.retain_as_published,
            subscription_identifiers: grant.identifier.map(u32::from).into_iter().collect(),
        }
    }
}
