//! When to ping, and when the server has been silent for too long.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::ClientError;

/// The keep alive of one connection.
#[derive(Debug)]
pub struct KeepAlive {
    interval: Option<Duration>,
    deadline: Instant,
    awaits_response: bool,
}

impl KeepAlive {
    /// Pings after three quarters of `seconds` without a packet of ours; never when it is 0 `[MQTT5-3.1.2-20]`.
    pub fn new(seconds: u16, now: Instant) -> Self {
        let interval = (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)) * 3 / 4);
        Self { interval, deadline: now + interval.unwrap_or_default(), awaits_response: false }
    }

    /// Something is sent.
    pub fn sent(&mut self, now: Instant) {
        if !self.awaits_response {
            self.deadline = now + self.interval.unwrap_or_default();
        }
    }

    /// Something was received.
    pub fn received(&mut self) {
        self.awaits_response = false;
    }

    /// Waits until PINGREQ is due.
    pub async fn ping_due(&mut self) -> Result<(), ClientError> {
        let Some(interval) = self.interval else { return pending().await };
        sleep_until(self.deadline).await;
        if self.awaits_response {
            return Err(ClientError::Timeout("the server does not answer pings"));
        }
        self.deadline += interval;
        self.awaits_response = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
