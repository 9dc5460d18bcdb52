//! The router frees the handles of sessions that have unsubscribed.

use std::sync::Arc;

use super::model::{filter, grant};
use crate::{Config, Router, Subscriber};

#[derive(Clone)]
struct Handle(Arc<u64>);

impl Subscriber for Handle {
    fn id(&self) -> u64 {
        *self.0
    }
}

const FILTERS: [&str; 7] = ["a", "a/+/b", "a/#", "#", "$share/g/a/+", "+/+/+", "wide"];

#[test]
fn no_handle_remains_after_all_subscriptions_end() {
    let router = Router::new(Config::default());
    let handles: Vec<_> = (0..500).map(|id| Handle(Arc::new(id))).collect();
    for text in FILTERS {
        for handle in &handles {
            router.subscribe(&filter(text), handle.clone(), grant(0, false, false, 0)).unwrap();
        }
        for handle in &handles {
            router
                .subscribe(&filter(&format!("own/{}", handle.0)), handle.clone(), grant(0, true, false, 1))
                .unwrap();
        }
    }
    assert_eq!(Arc::strong_count(&handles[7].0), 1 + FILTERS.len() + 1);
    for handle in &handles {
        for text in FILTERS {
            assert!(router.unsubscribe(&filter(text), handle.id()));
        }
        assert!(router.unsubscribe(&filter(&format!("own/{}", handle.0)), handle.id()));
    }
    router.reclaim();
    assert!(handles.iter().all(|handle| Arc::strong_count(&handle.0) == 1));
    assert_eq!((router.subscriptions(), router.filters(), router.trie.edges()), (0, 0, 0));
}
