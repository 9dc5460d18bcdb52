//! A delivery carries the identifiers of exactly the subscriptions that match. [MQTT5-3.3.4-3]
//! [MQTT5-3.3.4-4]

use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_session::{Cause, Delivery};

use crate::pair::{SessionUnderTest, message, persistent_connect};

#[test]
fn subscription_identifiers_are_sent_with_new_queued_and_resent_messages() {
    for subscription_identifiers in [&[][..], &[5], &[5, 7], &[5, 5, 268_435_455]] {
        let mut pair = SessionUnderTest::new(persistent_connect());
        let queued = message("a", b"", None);
        for qos in QoS::ALL {
            let delivery = Delivery {
                message: &queued,
                qos,
                retain: false,
                subscription_identifiers,
                shared_filter: None,
            };
            let _ = pair.session.push(&delivery, pair.now);
        }
        assert_eq!(
            pair.published()
                .iter()
                .filter(|found| found.properties.subscription_identifiers == subscription_identifiers)
                .count(),
            3
        );
        pair.detach(Cause::Closed);
        let delivery = Delivery {
            message: &queued,
            qos: QoS::AtLeastOnce,
            retain: false,
            subscription_identifiers,
            shared_filter: None,
        };
        let _ = pair.session.push(&delivery, pair.now);
        pair.connect(persistent_connect());
        let published = pair.published();
        assert_eq!(published.len(), 3);
        assert!(
            published
                .iter()
                .all(|publish| publish.properties.subscription_identifiers == subscription_identifiers)
        );
    }
}

#[test]
fn subscription_identifiers_of_shared_subscriptions_are_also_sent() {
    let queued = message("a", b"", None);
    let shared_filter = Arc::from("$share/g/a");
    for subscription_identifiers in [&[][..], &[5], &[5, 7]] {
        let mut pair = SessionUnderTest::new(persistent_connect());
        pair.detach(Cause::Closed);
        let qos = QoS::AtLeastOnce;
        let delivery = Delivery {
            message: &queued,
            qos,
            retain: false,
            subscription_identifiers,
            shared_filter: Some(&shared_filter),
        };
        let _ = pair.session.push(&delivery, pair.now);
        for path in ["queued", "resent"] {
            pair.connect(persistent_connect());
            let published = pair.published();
            let found: Vec<_> =
                published.iter().map(|publish| &publish.properties.subscription_identifiers[..]).collect();
            assert_eq!(found, [subscription_identifiers], "{path}");
            pair.detach(Cause::Closed);
        }
    }
}
