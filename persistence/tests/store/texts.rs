//! Records of topics and filters of any length are found, including lengths around the limit above which keys are
//! hashed, and the maximum length.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_persistence::{Item, Operation, SessionId, Store};

use crate::harness::{Harness, content};
use crate::samples::{message, open_session, subscription};

fn texts() -> Vec<String> {
    let lengths = [1, 100, 399, 400, 401, 502, 511, 512, 1000, 65_535];
    let ends = ["a", "b"];
    lengths.iter().flat_map(|length| ends.map(|end| "x".repeat(length - 1) + end)).collect()
}

fn retained(store: &dyn Store) -> BTreeMap<(String, String), Vec<u8>> {
    let mut found = BTreeMap::new();
    store
        .load(&mut |item, _| {
            if let Item::Retained { tenant, message } = item {
                let before =
                    found.insert((tenant.to_owned(), message.topic.to_owned()), message.payload.to_vec());
                assert_eq!(before, None);
            }
        })
        .unwrap();
    found
}

#[test]
fn the_last_retained_message_of_each_topic_and_tenant_is_kept() {
    let mut harness = Harness::new();
    let mut expected = BTreeMap::new();
    harness.with_store(|store, harness| {
        for payload in [&b"first"[..], b"second"] {
            for (tenant, topic) in
                texts().into_iter().flat_map(|topic| ["t", "u"].map(|tenant| (tenant, topic.clone())))
            {
                let message = message(&topic, payload);
                harness.commit(
                    store,
                    vec![Operation::Retain { tenant: Arc::from(tenant), message, expires_at: None }],
                );
                expected.insert((tenant.to_owned(), topic), payload.to_vec());
            }
        }
        assert_eq!(retained(store), expected);
    });
    harness.with_store(|store, harness| {
        for topic in texts() {
            let operation = Operation::Unretain { tenant: Arc::from("t"), topic: Arc::from(&*topic) };
            harness.commit(store, vec![operation]);
            expected.remove(&("t".to_owned(), topic));
            assert_eq!(retained(store), expected);
        }
    });
}

/// "ab" + "c" must not have the same key as "a" + "bc".
#[test]
fn tenant_and_topic_are_kept_apart_in_keys() {
    Harness::new().with_store(|store, harness| {
        let retain = |tenant: &str, topic| Operation::Retain {
            tenant: Arc::from(tenant),
            message: message(topic, b"x"),
            expires_at: None,
        };
        harness.commit(store, vec![retain("ab", "c"), retain("a", "bc"), retain("", "abc")]);
        assert_eq!(retained(store).len(), 3);
    });
}

#[test]
fn subscriptions_with_long_filters_do_not_collide() {
    Harness::new().with_store(|store, harness| {
        harness.commit(store, vec![open_session(1), open_session(2)]);
        let sessions = [SessionId(1), SessionId(2)];
        for (session, filter) in
            texts().into_iter().flat_map(|filter| sessions.map(|session| (session, filter.clone())))
        {
            harness.commit(store, vec![Operation::Subscribe { session, record: subscription(&filter) }]);
            harness.commit(store, vec![Operation::Subscribe { session, record: subscription(&filter) }]);
        }
        assert_eq!(content(store).len(), 2 + 2 * texts().len());
        for filter in texts() {
            let filter = Arc::from(&*filter);
            harness.commit(store, vec![Operation::Unsubscribe { session: SessionId(1), filter }]);
        }
        assert_eq!(content(store).len(), 2 + texts().len());
        harness.commit(store, vec![Operation::CloseSession { session: SessionId(2) }]);
        assert_eq!(content(store).len(), 1);
    });
}
