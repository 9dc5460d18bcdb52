//! The list and the hash table follow the same rules, even when the list is converted into a table.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{QoS, SubscriptionOptions};

use super::{FEW_MAX, GrantedOptions, Subscriptions};

/// Returns a different filter for each number; every third filter is shared.
fn filter(number: usize) -> SubscriptionFilter {
    let prefix = if number.is_multiple_of(3) { "$share/g/" } else { "" };
    SubscriptionFilter::parse(&format!("{prefix}a/{number:02}")).unwrap()
}

fn granted(number: usize) -> GrantedOptions {
    GrantedOptions {
        options: SubscriptionOptions::with_qos(QoS::AtLeastOnce),
        identifier: u32::try_from(number + 1).ok(),
    }
}

fn filled_subscriptions(count: usize) -> Subscriptions {
    let mut subscriptions = Subscriptions::default();
    for number in 0..count {
        assert_eq!(subscriptions.insert(filter(number), granted(number), count), Ok(false));
    }
    subscriptions
}

#[test]
fn each_subscription_can_be_found_replaced_and_removed() {
    for count in [1, FEW_MAX, FEW_MAX + 1, 40] {
        let mut subscriptions = filled_subscriptions(count);
        assert_eq!(subscriptions.len(), count);
        for number in 0..count {
            assert_eq!(subscriptions.granted_options(&filter(number)), Some(granted(number)));
            assert_eq!(
                subscriptions.insert(filter(number), granted(100), count),
                Ok(true),
                "[MQTT5-3.8.4-3]"
            );
        }
        assert!(subscriptions.iter().all(|(_, found)| found == granted(100)));
        assert_eq!(subscriptions.iter().count(), count);
        assert_eq!(subscriptions.granted_options(&filter(count)), None);
        for number in 0..count {
            assert!(subscriptions.remove(&filter(number)));
            assert!(!subscriptions.remove(&filter(number)), "[MQTT5-3.10.4-1]");
        }
        assert_eq!(subscriptions.len(), 0);
    }
}

#[test]
fn draining_subscriptions_returns_every_filter() {
    for count in [0, 1, FEW_MAX, FEW_MAX + 1, 40] {
        let mut subscriptions = filled_subscriptions(count);
        let mut drained = subscriptions.drain();
        drained.sort_unstable();
        let mut expected: Vec<_> = (0..count).map(filter).collect();
        expected.sort_unstable();
        assert_eq!(drained, expected);
        assert_eq!(subscriptions.len(), 0);
    }
}

#[test]
fn a_nearly_empty_table_frees_its_memory() {
    let mut subscriptions = filled_subscriptions(10_000);
    let full = subscriptions.capacity();
    for number in 20..10_000 {
        assert!(subscriptions.remove(&filter(number)));
    }
    assert!(subscriptions.capacity() < full / 50, "{} of {full} bytes", subscriptions.capacity());
    assert!((0..20).all(|number| subscriptions.granted_options(&filter(number)) == Some(granted(number))));
}

#[test]
fn a_full_list_turns_into_a_table() {
    assert!(matches!(filled_subscriptions(FEW_MAX), Subscriptions::Few(_)));
    assert!(matches!(filled_subscriptions(FEW_MAX + 1), Subscriptions::Many(_)));
}
