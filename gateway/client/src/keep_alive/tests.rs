//! The keep alive timer, in virtual time.

use std::time::Duration;

use tokio::time::{Instant, advance, timeout};

use super::KeepAlive;

/// Waits until a ping is due. Returns the time that it waited, in seconds.
async fn seconds_until_ping(keep_alive: &mut KeepAlive) -> f64 {
    let start = Instant::now();
    keep_alive.wait_until_ping_due().await.unwrap();
    (Instant::now() - start).as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_due_after_three_quarters_of_the_keep_alive() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    assert!((seconds_until_ping(&mut keep_alive).await - 45.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn sending_a_packet_postpones_the_ping() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    advance(Duration::from_secs(30)).await;
    keep_alive.record_sent(Instant::now());
    assert!((seconds_until_ping(&mut keep_alive).await - 45.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_ping_is_an_error() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    keep_alive.wait_until_ping_due().await.unwrap();
    keep_alive.record_sent(Instant::now());
    assert!(keep_alive.wait_until_ping_due().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn any_received_packet_counts_as_an_answer() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    keep_alive.wait_until_ping_due().await.unwrap();
    keep_alive.record_received();
    assert!(keep_alive.wait_until_ping_due().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn keep_alive_0_disables_pings() {
    let mut keep_alive = KeepAlive::new(0, Instant::now());
    let day = Duration::from_secs(86_400);
    assert!(timeout(day, keep_alive.wait_until_ping_due()).await.is_err());
}
