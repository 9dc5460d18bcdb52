//! A delivery carries the identifiers of its subscriptions, all of them and only its own. [MQTT5-3.3.4-3]
//! [MQTT5-3.3.4-4]

use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_session::{Cause, Delivery};

use crate::pair::{Pair, lasting, message};

#[test]
fn at_once_and_from_the_queue_and_resent() {
    for identifiers in [&[][..], &[5], &[5, 7], &[5, 5, 268_435_455]] {
        let mut pair = Pair::new(lasting());
        let held = message("a", b"", None);
        for qos in QoS::ALL {
            let delivery = Delivery { message: &held, qos, retain: false, identifiers, share: None };
            let _ = pair.session.push(&delivery, pair.now);
        }
        assert_eq!(
            pair.published().iter().filter(|found| found.properties.identifiers == identifiers).count(),
            3
        );
        pair.detach(Cause::Closed);
        let delivery =
            Delivery { message: &held, qos: QoS::AtLeastOnce, retain: false, identifiers, share: None };
        let _ = pair.session.push(&delivery, pair.now);
        pair.connect(lasting());
        let published = pair.published();
        assert_eq!(published.len(), 3);
        assert!(published.iter().all(|publish| publish.properties.identifiers == identifiers));
    }
}

#[test]
fn of_a_shared_subscription_too() {
    let held = message("a", b"", None);
    let share = Arc::from("$share/g/a");
    for identifiers in [&[][..], &[5], &[5, 7]] {
        let mut pair = Pair::new(lasting());
        pair.detach(Cause::Closed);
        let qos = QoS::AtLeastOnce;
        let delivery = Delivery { message: &held, qos, retain: false, identifiers, share: Some(&share) };
        let _ = pair.session.push(&delivery, pair.now);
        for way in ["queued", "resent"] {
            pair.connect(lasting());
            let published = pair.published();
            let found: Vec<_> = published.iter().map(|publish| &publish.properties.identifiers[..]).collect();
            assert_eq!(found, [identifiers], "{way}");
            pair.detach(Cause::Closed);
        }
    }
}
