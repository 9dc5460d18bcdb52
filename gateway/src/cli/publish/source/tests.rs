//! Repetitions in virtual time.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};

use super::Source;

#[tokio::test(start_paused = true)]
async fn repetitions_keep_their_distance_however_often_they_are_asked_for() {
    let start = Instant::now();
    let delay = Duration::from_secs(5);
    let mut source = Source::Repeated { payload: Bytes::from("a"), left: 3, delay, due: start };
    let mut times = Vec::new();
    loop {
        // Dropped half way, as when an acknowledgement comes meanwhile.
        let Ok(payload) = timeout(Duration::from_secs(2), source.next()).await else { continue };
        match payload.unwrap() {
            Some(_) => times.push((Instant::now() - start).as_secs()),
            None => break,
        }
    }
    assert_eq!(times, [0, 5, 10]);
}
