//! The way of a message to every session that gets it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ReasonCode};
use tidegate_routing::{Grants, MemberState, Strategy};
use tidegate_session::{Delivery, Drop as Dropped, Verdict};

use super::{Broker, Group, Member, Report};

mod plain;

/// What the publisher is told.
#[derive(Clone, Copy)]
pub(super) enum Published {
    Delivered,
    Unmatched,
    Refused,
}

impl Published {
    pub(super) fn reason(self) -> ReasonCode {
        match self {
            Self::Delivered => ReasonCode::Success,
            Self::Unmatched => ReasonCode::NoMatchingSubscribers,
            Self::Refused => ReasonCode::QuotaExceeded,
        }
    }

    fn of(verdicts: &[Verdict]) -> Self {
        let is_refused = |verdict: &Verdict| *verdict == Verdict::Dropped(Dropped::Rejected);
        match verdicts {
            [] => Self::Unmatched,
            all if all.iter().all(is_refused) => Self::Refused,
            _ => Self::Delivered,
        }
    }
}

impl Broker {
    /// Keeps the message if it is to be retained, then hands it to all its receivers.
    pub(super) fn publish(&mut self, message: &Arc<Message>) -> Published {
        if message.retain() {
            let _ = self.retained.set(Arc::clone(message));
        }
        let route = self.router.route(message.topic());
        let mut verdicts = Vec::new();
        for delivery in &route.deliveries {
            if let Some(grants) = delivery.for_publisher(message.publisher()) {
                verdicts.push(self.hand(delivery.subscriber, grants, None, message));
            }
        }
        for group in &route.groups {
            verdicts.push(self.hand_to_group(group, message, None));
        }
        Published::of(&verdicts)
    }

    /// Gives a message to one member, never to `excluded`.
    pub(super) fn hand_to_group(
        &mut self,
        group: &tidegate_routing::Group<Member>,
        message: &Arc<Message>,
        excluded: Option<u64>,
    ) -> Verdict {
        let random = self.random.number();
        let picked = group.pick(message.publisher(), random, excluded, |member| self.state_of(*member));
        let member = picked.as_ref().map(|picked| Arc::clone(&self.seats[&picked.subscriber.0].client_id));
        self.report_shared(group.name(), message, member);
        let Some(picked) = picked else { return Verdict::Dropped(Dropped::Offline) };
        let identifier = picked.grant.identifier.map(NonZeroU32::get);
        let grants = Grants {
            qos: picked.grant.qos,
            retain_as_published: picked.grant.retain_as_published,
            identifiers: identifier.as_slice(),
        };
        self.hand(picked.subscriber, grants, Some(group.name()), message)
    }

    pub(super) fn report_shared(
        &mut self,
        share: &Arc<str>,
        message: &Arc<Message>,
        member: Option<Arc<str>>,
    ) {
        let since = |at: Instant| at.duration_since(self.beginning).as_millis() as u64;
        let expires_at = message.expires_at().map(since);
        let (share, message) = (Arc::clone(share), Arc::clone(message));
        self.reports.push(Report::Shared(Group { share, message, expires_at, member }));
    }

    fn hand(
        &mut self,
        member: Member,
        grants: Grants<'_>,
        share: Option<&Arc<str>>,
        message: &Arc<Message>,
    ) -> Verdict {
        let delivery = Delivery {
            message,
            qos: grants.qos.min(message.qos()),
            retain: grants.retain_as_published && message.retain(),
            identifiers: grants.identifiers,
            share,
        };
        self.push(member.0, &delivery)
    }

    pub(super) fn push(&mut self, number: u64, delivery: &Delivery<'_>) -> Verdict {
        let now = self.now;
        let verdict = self.session(number).push(delivery, now);
        self.accounts.copies += 1;
        verdict
    }

    fn state_of(&self, member: Member) -> MemberState {
        let seat = &self.seats[&member.0];
        let counts = self.strategy == Strategy::LeastInflight;
        let inflight = if counts { seat.session.inflight() } else { 0 };
        MemberState { online: seat.connection.is_some(), inflight }
    }
}
