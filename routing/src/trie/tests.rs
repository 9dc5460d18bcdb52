//! The steps of filters, and a trie that is empty again after all subscriptions end.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_mqtt::QoS;

use super::Trie;
use super::edge::Edge;
use super::node::Node;
use super::path::FilterPath;
use crate::subscription::Member;
use crate::{Grant, Subscriber};

#[derive(Clone)]
struct Id(u64);

impl Subscriber for Id {
    fn id(&self) -> u64 {
        self.0
    }
}

fn steps(filter: &str) -> (Vec<(&str, usize)>, bool) {
    let path = FilterPath::from_filter(filter);
    (path.steps.iter().map(|step| (step.text, step.length)).collect(), path.is_multi_level)
}

#[test]
fn a_filter_without_wildcards_is_one_step() {
    assert_eq!(steps("a/b/c"), (vec![("a/b/c", 3)], false));
    assert_eq!(steps("/"), (vec![("/", 2)], false));
}

#[test]
fn wildcards_split_a_filter_into_steps() {
    assert_eq!(steps("a/+/b/c/#"), (vec![("a", 1), ("+", 0), ("b/c", 2)], true));
    assert_eq!(steps("+/+"), (vec![("+", 0), ("+", 0)], false));
    assert_eq!(steps("+/"), (vec![("+", 0), ("", 1)], false));
    assert_eq!(steps("/+"), (vec![("", 1), ("+", 0)], false));
    assert_eq!(steps("/#"), (vec![("", 1)], true));
    assert_eq!(steps("#"), (vec![], true));
    assert_eq!(steps("+/#"), (vec![("+", 0)], true));
    assert_eq!(steps("a//+//b"), (vec![("a/", 2), ("+", 0), ("/b", 2)], false));
}

/// A handle of the same size as the gateway's: one pointer.
type Handle = Arc<u64>;

impl Subscriber for Handle {
    fn id(&self) -> u64 {
        **self
    }
}

fn add(trie: &Trie<Id>, filter: &str, id: u64) {
    add_text(trie, &Arc::from(filter), id);
}

fn add_text(trie: &Trie<Id>, filter: &Arc<str>, id: u64) {
    let grant = Grant { qos: QoS::AtMostOnce, no_local: false, retain_as_published: false, identifier: None };
    let member = Member { subscriber: Id(id), grant };
    let changed = trie.change(filter, |subscribers| {
        let (members, _) = subscribers.members().insert(member);
        Some((subscribers.with_members(members), ()))
    });
    assert!(changed.is_some());
}

fn remove(trie: &Trie<Id>, filter: &str, id: u64) {
    trie.change(&Arc::from(filter), |subscribers| {
        let members = subscribers.members().remove(id)?;
        Some((subscribers.with_members(members), ()))
    });
}

fn found(trie: &Trie<Id>, topic: &str) -> usize {
    let guard = trie.guard();
    let matches = trie.matches(topic, &guard);
    matches.subscribers_by_filter.len() + usize::from(matches.match_all.is_some())
}

proptest! {
    #[test]
    fn removing_all_subscriptions_leaves_an_empty_trie(
        filters in prop::collection::vec("(([ab]|\\+)?/){0,5}([ab]|\\+|#)", 1..60),
        order in any::<prop::sample::Index>(),
    ) {
        let trie = Trie::new(128);
        for (id, filter) in (0..).zip(&filters) {
            add(&trie, filter, id);
        }
        let start = order.index(filters.len());
        for at in (start..filters.len()).chain(0..start) {
            remove(&trie, &filters[at], at as u64);
        }
        prop_assert_eq!(trie.edges(), 0);
        prop_assert!(trie.root.is_empty());
        prop_assert_eq!(trie.root.lengths(1) | trie.root.lengths(5), 0);
    }
}

#[test]
fn literal_runs_longer_than_64_levels_are_found() {
    let trie = Trie::new(128);
    let deep: Vec<_> = (0..100).map(|level| level.to_string()).collect();
    let topic = deep.join("/");
    add(&trie, &topic, 1);
    add(&trie, &deep[..70].join("/"), 2);
    add(&trie, &format!("{}/#", deep[..80].join("/")), 3);
    add(&trie, &format!("{}/+/{}", deep[..66].join("/"), deep[67..].join("/")), 4);
    assert_eq!(found(&trie, &topic), 3);
    remove(&trie, &topic, 1);
    assert_eq!(found(&trie, &topic), 2);
    assert_eq!(found(&trie, &deep[..70].join("/")), 1);
}

#[test]
fn a_topic_deeper_than_any_filter_still_reaches_the_multi_level_wildcard() {
    let trie = Trie::new(4);
    add(&trie, "a/#", 1);
    add(&trie, "a/+/+/+", 2);
    assert_eq!(found(&trie, &format!("a{}", "/x".repeat(300))), 1);
    assert_eq!(found(&trie, "a/x/x/x"), 2);
}

#[test]
fn an_edge_with_its_node_fits_in_one_block_of_64_bytes() {
    assert_eq!(size_of::<(Edge, Node<Handle>)>(), 56, "with the allocator's share, one block of 64");
}

#[test]
fn an_edge_shares_the_text_of_a_filter_that_ends_there() {
    let trie = Trie::new(128);
    for (filter, shared) in [("a/b", 1), ("c/d/#", 1), ("+/long/filter/#", 0), ("e/+", 0)] {
        let text: Arc<str> = Arc::from(filter);
        add_text(&trie, &text, 1);
        assert_eq!(Arc::strong_count(&text), 1 + shared, "{filter}");
        assert_eq!(found(&trie, &filter.replace('+', "x").replace('#', "y")), 1, "{filter}");
    }
    let guard = trie.guard();
    assert!(
        trie.matches("c/d", &guard).subscribers_by_filter.len() == 1,
        "the text is not part of the edge's levels"
    );
}
