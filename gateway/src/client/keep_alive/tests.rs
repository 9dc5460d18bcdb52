//! The keep alive in virtual time.

use std::time::Duration;

use tokio::time::{Instant, advance, timeout};

use super::KeepAlive;

/// When the next ping is due, in seconds from now.
async fn due_after(keep_alive: &mut KeepAlive) -> f64 {
    let start = Instant::now();
    keep_alive.due().await.unwrap();
    (Instant::now() - start).as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn pings_before_the_time_is_over() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    assert!((due_after(&mut keep_alive).await - 45.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_puts_it_off() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    advance(Duration::from_secs(30)).await;
    keep_alive.sent(Instant::now());
    assert!((due_after(&mut keep_alive).await - 45.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn silence_after_a_ping_is_the_end() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    keep_alive.due().await.unwrap();
    keep_alive.sent(Instant::now());
    assert!(keep_alive.due().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn any_answer_will_do() {
    let mut keep_alive = KeepAlive::new(60, Instant::now());
    keep_alive.due().await.unwrap();
    keep_alive.heard();
    assert!(keep_alive.due().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn zero_is_none() {
    let mut keep_alive = KeepAlive::new(0, Instant::now());
    let day = Duration::from_secs(86_400);
    assert!(timeout(day, keep_alive.due()).await.is_err());
}
