//! The combined grants of overlapping subscriptions.

use tidegate_mqtt::QoS;

use super::{Delivery, Grants, deliveries};
use crate::subscription::Member;
use crate::{Grant, Subscriber};

#[derive(Clone)]
struct Id(u64);

impl Subscriber for Id {
    fn id(&self) -> u64 {
        self.0
    }
}

fn member(id: u64, qos: u8, no_local: bool, retain_as_published: bool, identifier: u32) -> Member<Id> {
    let qos = QoS::try_from(qos).unwrap();
    let identifier = identifier.try_into().ok();
    Member { subscriber: Id(id), grant: Grant { qos, no_local, retain_as_published, identifier } }
}

fn merged_delivery(members: &[Member<Id>]) -> Delivery<Id> {
    let mut all = deliveries(members.to_vec(), false);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn overlapping_subscriptions_grant_the_highest_qos_and_all_identifiers() {
    let delivery = merged_delivery(&[
        member(1, 0, false, false, 5),
        member(1, 2, false, true, 0),
        member(1, 1, false, false, 7),
    ]);
    assert_eq!(delivery.qos, QoS::ExactlyOnce);
    assert!(delivery.retain_as_published);
    let mut subscription_identifiers = delivery.subscription_identifiers.to_vec();
    subscription_identifiers.sort_unstable();
    assert_eq!(subscription_identifiers, [5, 7]);
}

#[test]
fn equal_identifiers_of_two_subscriptions_are_both_kept() {
    let delivery = merged_delivery(&[member(1, 0, false, false, 5), member(1, 0, false, false, 5)]);
    assert_eq!(delivery.subscription_identifiers.as_slice(), [5, 5]);
}

#[test]
fn identifiers_stay_with_their_subscriber() {
    let members =
        [member(1, 0, false, false, 5), member(2, 0, false, false, 6), member(1, 1, false, false, 0)];
    let all = deliveries(members.to_vec(), false);
    let of = |id| {
        all.iter().find(|delivery| delivery.subscriber.0 == id).unwrap().subscription_identifiers.to_vec()
    };
    assert_eq!((all.len(), of(1), of(2)), (2, vec![5], vec![6]));
}

#[test]
fn a_subscriber_with_only_no_local_subscriptions_does_not_get_its_own_messages() {
    let delivery = merged_delivery(&[member(1, 1, true, false, 0), member(1, 2, true, false, 0)]);
    assert_eq!(delivery.for_publisher(1), None);
    assert_eq!(delivery.for_publisher(2).unwrap().qos, QoS::ExactlyOnce);
}

#[test]
fn own_messages_use_the_grants_of_subscriptions_without_no_local() {
    let delivery = merged_delivery(&[member(1, 2, true, true, 9), member(1, 1, false, false, 4)]);
    let own = Grants { qos: QoS::AtLeastOnce, retain_as_published: false, subscription_identifiers: &[4] };
    assert_eq!(delivery.for_publisher(1), Some(own));
    let others = delivery.for_publisher(2).unwrap();
    assert_eq!(
        (others.qos, others.retain_as_published, others.subscription_identifiers.len()),
        (QoS::ExactlyOnce, true, 2)
    );
}
