//! The same rules for a list and for a tree, and where the one turns into the other.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{QoS, SubscriptionOptions};

use super::{FEW_MAX, Subscriptions, Terms};

fn filter(number: usize) -> SubscriptionFilter {
    SubscriptionFilter::parse(&format!("a/{number:02}")).unwrap()
}

fn terms(number: usize) -> Terms {
    Terms { options: SubscriptionOptions::of(QoS::AtLeastOnce), identifier: u32::try_from(number).ok() }
}

fn filled(count: usize) -> Subscriptions {
    let mut subscriptions = Subscriptions::default();
    for number in 0..count {
        assert_eq!(subscriptions.insert(filter(number), terms(number), count), Ok(false));
    }
    subscriptions
}

#[test]
fn each_is_found_replaced_and_removed() {
    for count in [1, FEW_MAX, FEW_MAX + 1, 40] {
        let mut subscriptions = filled(count);
        assert_eq!(subscriptions.len(), count);
        for number in 0..count {
            assert_eq!(subscriptions.terms(&filter(number)), Some(&terms(number)));
            assert_eq!(subscriptions.insert(filter(number), terms(100), count), Ok(true), "[MQTT5-3.8.4-3]");
        }
        assert!(subscriptions.iter().all(|(_, found)| *found == terms(100)));
        assert_eq!(subscriptions.iter().count(), count);
        assert_eq!(subscriptions.terms(&filter(count)), None);
        for number in 0..count {
            assert!(subscriptions.remove(&filter(number)));
            assert!(!subscriptions.remove(&filter(number)), "[MQTT5-3.10.4-1]");
        }
        assert_eq!(subscriptions.len(), 0);
    }
}

#[test]
fn draining_gives_every_filter() {
    for count in [0, 1, FEW_MAX, FEW_MAX + 1, 40] {
        let mut subscriptions = filled(count);
        assert_eq!(subscriptions.drain(), (0..count).map(filter).collect::<Vec<_>>());
        assert_eq!(subscriptions.len(), 0);
    }
}

#[test]
fn a_full_list_turns_into_a_tree() {
    assert!(matches!(filled(FEW_MAX), Subscriptions::Few(_)));
    assert!(matches!(filled(FEW_MAX + 1), Subscriptions::Many(_)));
}
