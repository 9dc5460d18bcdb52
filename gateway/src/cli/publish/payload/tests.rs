//! Repeated payloads, in virtual time.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::PayloadSource;

#[tokio::test(start_paused = true)]
async fn cancelled_calls_do_not_shift_the_repetitions() {
    let start = Instant::now();
    let delay = Duration::from_secs(5);
    let mut source =
        PayloadSource::Repeated { payload: Bytes::from("a"), remaining: 3, delay, next_at: start };
    let mut times = Vec::new();
    loop {
        // The timeout cancels the call, as an acknowledgement does in `pub`.
        let Ok(payload) = timeout(Duration::from_secs(2), source.next()).await else { continue };
        match payload.unwrap() {
            Some(_) => times.push((Instant::now() - start).as_secs()),
            None => break,
        }
    }
    assert_eq!(times, [0, 5, 10]);
}
