//! The limits of the latest connection's listener apply to its session.

use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ProtocolVersion, SubscriptionOptions};
use tidegate_session::{Config, Session, SubscriptionsFull};

use crate::pair::{negotiate, persistent_connect, start};

fn subscribe(session: &mut Session, filter: &str) -> Result<bool, SubscriptionsFull> {
    session.subscribe(SubscriptionFilter::parse(filter).unwrap(), SubscriptionOptions::default(), None)
}

#[test]
fn a_session_has_the_limits_of_its_latest_connection() {
    let general = Arc::new(Config::default());
    let strict = Arc::new(Config { subscriptions_max: 1, ..Config::default() });
    let now = start();
    let mut session = Session::new(1, Arc::clone(&general));
    for (limits, refused) in [(&general, false), (&strict, true), (&general, false)] {
        let negotiated = negotiate(persistent_connect(), limits);
        assert_eq!(negotiated.version, ProtocolVersion::V5);
        let _ = session.attach(&negotiated, now);
        assert_eq!(session.limits().subscriptions_max, limits.subscriptions_max);
        assert!(subscribe(&mut session, "kept/a").is_ok() || refused);
        assert!(subscribe(&mut session, "kept/b").is_ok() || refused);
        assert_eq!(subscribe(&mut session, if refused { "new" } else { "kept/a" }).is_err(), refused);
    }
    assert_eq!(session.subscriptions().count(), 2, "a stricter limit removes nothing");
}
