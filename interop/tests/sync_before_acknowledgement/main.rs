//! An acknowledgement leaves after the sync of what it promises: seen in the system calls of the broker, as strace writes
//! them down.

#![allow(clippy::expect_used, clippy::panic)]

mod commit;
mod conversation;
mod promise;
mod workload;

use std::collections::BTreeMap;

use tempfile::TempDir;
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::strace::{self, Call};

use commit::{Commit, commits};
use conversation::conversations;
use promise::{Promise, promises};

#[tokio::test(flavor = "current_thread")]
async fn what_is_acknowledged_is_synced_before() {
    let calls = trace("persistence:\n  durability: always\n").await;
    let (kept, broken) = judge(&calls);
    assert!(broken.is_empty(), "left before they were kept:\n{}", broken.join("\n"));
    assert_eq!(kept, workload::promises(), "promises by packet");
}

/// The same judgement on brokers that sync nothing, or later.
#[tokio::test(flavor = "current_thread")]
async fn without_syncs_every_acknowledgement_is_found_out() {
    for settings in ["durability: memory", "durability: interval\n  interval: 60s"] {
        let calls = trace(&format!("persistence:\n  {settings}\n")).await;
        let (kept, broken) = judge(&calls);
        assert!(kept.is_empty(), "{settings}: taken for kept: {kept:?}");
        assert_eq!(broken.len(), workload::promises().values().sum::<usize>(), "{settings}");
    }
}

/// What a broker does with that configuration while clients work with it.
async fn trace(settings: &str) -> Vec<Call> {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("calls");
    let broker = Broker::start_in(Config::every_transport().with(settings), |_| strace::writing_to(&file));
    workload::run(&broker).await;
    broker.stop();
    strace::read(&file)
}

/// How many promises of each packet type were kept; those that were not.
fn judge(calls: &[Call]) -> (BTreeMap<&'static str, usize>, Vec<String>) {
    let commits = commits(calls);
    let (mut kept, mut broken) = (BTreeMap::new(), Vec::new());
    for promise in conversations(calls).iter().flat_map(promises) {
        if commits.iter().any(|commit| covers(commit, &promise)) {
            *kept.entry(promise.packet).or_default() += 1;
        } else {
            broken.push(promise.to_string());
        }
    }
    (kept, broken)
}

/// Whether the commit began after the request was read, ended before the answer was written, and has what was promised.
fn covers(commit: &Commit, promise: &Promise) -> bool {
    commit.begin > promise.asked
        && commit.end < promise.answered
        && promise.words.iter().all(|word| commit.has(word))
}
