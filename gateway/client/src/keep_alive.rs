//! The keep alive timer: determines when PINGREQ must be sent, and when the server has not answered in time.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::ClientError;

/// The keep alive timer of one connection.
#[derive(Debug)]
pub struct KeepAlive {
    /// The time without a sent packet after which PINGREQ is due; `None` if keep alive is off.
    interval: Option<Duration>,
    /// When PINGREQ is due; while `awaits_response` is true, when the server must have sent something.
    deadline: Instant,
    /// Whether nothing has been received since the last PINGREQ.
    awaits_response: bool,
}

impl KeepAlive {
    /// Creates a timer for a keep alive of `seconds`. PINGREQ is due when the client has sent no packet for three
    /// quarters of that time, and never if it is 0 `[MQTT5-3.1.2-20]`.
    pub fn new(seconds: u16, now: Instant) -> Self {
        let interval = (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)) * 3 / 4);
        Self { interval, deadline: now + interval.unwrap_or_default(), awaits_response: false }
    }

    /// Records that a packet is being sent.
    pub fn record_sent(&mut self, now: Instant) {
        if !self.awaits_response {
            self.deadline = now + self.interval.unwrap_or_default();
        }
    }

    /// Records that a packet was received.
    pub fn record_received(&mut self) {
        self.awaits_response = false;
    }

    /// Waits until PINGREQ is due. Fails if nothing has been received since the last PINGREQ.
    pub async fn wait_until_ping_due(&mut self) -> Result<(), ClientError> {
        let Some(interval) = self.interval else { return pending().await };
        sleep_until(self.deadline).await;
        if self.awaits_response {
            return Err(ClientError::Timeout("waiting for the answer to a ping"));
        }
        self.deadline += interval;
        self.awaits_response = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
