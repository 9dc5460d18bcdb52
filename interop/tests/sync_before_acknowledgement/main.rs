//! Tests that the broker sends an acknowledgement only after it has synced the data that the acknowledgement promises
//! to store. The test traces the broker's system calls with strace and checks their order.

#![allow(clippy::expect_used, clippy::panic)]

mod commit;
mod conversation;
mod promise;
mod workload;

use std::collections::BTreeMap;

use tempfile::TempDir;
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::strace::{self, SystemCall};

use commit::{Commit, commits};
use conversation::conversations;
use promise::{Promise, promises};

#[tokio::test(flavor = "current_thread")]
async fn every_acknowledgement_is_sent_after_the_sync_of_its_commit() {
    let calls = trace("persistence:\n  durability: always\n").await;
    let (fulfilled, broken) = check_promises(&calls);
    assert!(broken.is_empty(), "sent before their commit was synced:\n{}", broken.join("\n"));
    assert_eq!(fulfilled, workload::expected_promises(), "fulfilled promises per packet type");
}

/// The check of the other test must fail for a broker that does not sync, or syncs only after it has sent
/// acknowledgements.
#[tokio::test(flavor = "current_thread")]
async fn without_syncs_every_acknowledgement_is_reported_as_premature() {
    for settings in ["durability: memory", "durability: interval\n  interval: 60s"] {
        let calls = trace(&format!("persistence:\n  {settings}\n")).await;
        let (fulfilled, broken) = check_promises(&calls);
        assert!(fulfilled.is_empty(), "{settings}: wrongly reported as synced: {fulfilled:?}");
        assert_eq!(broken.len(), workload::expected_promises().values().sum::<usize>(), "{settings}");
    }
}

/// Runs a broker with these settings while clients use it. Returns the system calls of the broker.
async fn trace(settings: &str) -> Vec<SystemCall> {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("calls");
    let broker =
        Broker::start_with_launch(Config::every_transport().with(settings), |_| strace::trace_to(&file));
    workload::run(&broker).await;
    broker.stop();
    strace::read(&file)
}

/// Returns the number of fulfilled promises per packet type, and a description of each promise that was not fulfilled.
fn check_promises(calls: &[SystemCall]) -> (BTreeMap<&'static str, usize>, Vec<String>) {
    let commits = commits(calls);
    let (mut fulfilled, mut broken) = (BTreeMap::new(), Vec::new());
    for promise in conversations(calls).iter().flat_map(promises) {
        if commits.iter().any(|commit| covers(commit, &promise)) {
            *fulfilled.entry(promise.packet).or_default() += 1;
        } else {
            broken.push(promise.to_string());
        }
    }
    (fulfilled, broken)
}

/// Returns whether the commit started after the broker had read the request, ended before the broker wrote the answer,
/// and contains the data that the answer promises to store.
fn covers(commit: &Commit, promise: &Promise) -> bool {
    commit.start_line > promise.request_line
        && commit.end_line < promise.response_line
        && promise.expected_bytes.iter().all(|word| commit.contains(word))
}
