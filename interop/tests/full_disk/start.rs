//! Tests that the broker starts on a full disk, delivers the stored messages, and accepts messages again once the
//! subscriber has fetched the stored messages.

use crate::harness::{Harness, connect};

#[tokio::test(flavor = "current_thread")]
async fn a_killed_broker_starts_on_a_disk_without_free_space() {
    assert_starts_after_kill("always", 0).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_killed_broker_starts_on_a_disk_with_one_free_page() {
    assert_starts_after_kill("always", 4096).await;
}

#[tokio::test(flavor = "current_thread")]
async fn with_interval_durability_a_killed_broker_starts_on_a_disk_without_free_space() {
    assert_starts_after_kill("interval", 0).await;
}

async fn assert_starts_after_kill(durability: &str, left: u64) {
    let Some(mut harness) = Harness::start(durability).await else { return };
    harness.restart_on_full_disk(left);
    assert_works_again_after_fetch(harness).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_stopped_broker_starts_on_a_disk_without_free_space() {
    assert_starts_after_stop("always").await;
}

#[tokio::test(flavor = "current_thread")]
async fn with_interval_durability_a_stopped_broker_starts_on_a_disk_without_free_space() {
    assert_starts_after_stop("interval").await;
}

async fn assert_starts_after_stop(durability: &str) {
    let Some(mut harness) = Harness::start(durability).await else { return };
    harness.disk.fill(0);
    harness.stop_and_restart();
    assert_works_again_after_fetch(harness).await;
}

/// Every start on a full disk uses a small part of the disk reserve.
#[tokio::test(flavor = "current_thread")]
async fn a_broker_whose_store_is_full_starts_several_times() {
    let Some(mut harness) = Harness::start("always").await else { return };
    harness.disk.fill(0);
    let mut publisher = connect(&harness.clean_options("publisher")).await;
    harness.publish_until_full(&mut publisher).await;
    for _ in 0..3 {
        harness.restart_on_full_disk(0);
        harness.stop_and_restart();
    }
    assert_works_again_after_fetch(harness).await;
}

/// Checks that the store accepts messages again after the subscriber has fetched its messages, although no space is
/// freed on the disk.
async fn assert_works_again_after_fetch(mut harness: Harness) {
    for _ in 0..2 {
        let mut publisher = connect(&harness.clean_options("publisher")).await;
        harness.publish_until_full(&mut publisher).await;
        harness.fetch().await;
        harness.publish_until_accepted(&mut publisher).await;
    }
    harness.fetch().await;
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_session_that_expires_frees_space_in_a_full_store() {
    let Some(mut harness) = Harness::start("always").await else { return };
    harness.disk.fill(0);
    let mut publisher = connect(&harness.clean_options("publisher")).await;
    harness.publish_until_full(&mut publisher).await;
    harness.expire().await;
    harness.broker.wait_for_log(|line| line.contains("the store works again"), "the recovery of the store");
    harness.stop();
}
