//! Random calls of subscribe and unsubscribe, compared with the model.

use proptest::prelude::*;

use super::model::{Id, Model, RouteView, filter, grant, view};
use crate::{Config, Router};

#[derive(Clone, Debug)]
enum Operation {
    Subscribe { filter: String, id: u64, qos: u8, no_local: bool, retain: bool, identifier: u32 },
    Unsubscribe { filter: String, id: u64 },
}

fn filters() -> impl Strategy<Value = String> {
    let plain = "((\\$?[ab]|\\+|)/){0,4}([abc]|\\+|#)";
    prop_oneof![4 => plain.prop_map(String::from), 1 => plain.prop_map(|text| format!("$share/g/{text}")),
        1 => plain.prop_map(|text| format!("$share/h/{text}"))]
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let subscribe = (filters(), 0..12u64, 0..3u8, any::<bool>(), any::<bool>(), 0..4u32).prop_map(
        |(filter, id, qos, no_local, retain, identifier)| Operation::Subscribe {
            filter,
            id,
            qos,
            no_local,
            retain,
            identifier,
        },
    );
    let unsubscribe = (filters(), 0..12u64).prop_map(|(filter, id)| Operation::Unsubscribe { filter, id });
    prop::collection::vec(prop_oneof![3 => subscribe, 1 => unsubscribe], 1..120)
}

fn apply_operation(router: &Router<Id>, model: &mut Model, operation: Operation) {
    match operation {
        Operation::Subscribe { filter: text, id, qos, no_local, retain, identifier } => {
            let granted = grant(qos, no_local, retain, identifier);
            let existed = router.subscribe(&filter(&text), Id(id), granted).unwrap().0;
            assert_eq!(existed, model.0.insert((text, id), granted).is_some());
        }
        Operation::Unsubscribe { filter: text, id } => {
            let existed = router.unsubscribe(&filter(&text), id);
            assert_eq!(existed, model.0.remove(&(text, id)).is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn routes_equal_those_of_the_model(
        operations in operations(),
        topics in prop::collection::vec("((\\$?[ab]|)/){0,5}[abc]", 1..12),
    ) {
        let router = Router::new(Config::default());
        let mut model = Model::default();
        for operation in operations {
            apply_operation(&router, &mut model, operation);
        }
        for topic in &topics {
            prop_assert_eq!(view(&router.route(topic)), model.view(topic), "{}", topic);
        }
        prop_assert_eq!(router.subscriptions(), model.0.len());
        let mut filters: Vec<_> = model.0.keys().map(|(text, _)| text).collect();
        filters.dedup();
        prop_assert_eq!(router.filters(), filters.len());

        let left = std::mem::take(&mut model.0);
        for (text, id) in left.into_keys() {
            prop_assert!(router.unsubscribe(&filter(&text), id));
        }
        prop_assert_eq!((router.subscriptions(), router.filters(), router.trie.edges()), (0, 0, 0));
        prop_assert!(router.groups.is_empty());
        for topic in &topics {
            prop_assert_eq!(view(&router.route(topic)), RouteView::default());
        }
    }
}
