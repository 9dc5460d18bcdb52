//! Which messages were acknowledged, and which were refused.

use tidegate_mqtt::PacketId;

use crate::cli::exit::{self, Failure};
use crate::client::{Acknowledged, Client, Event, reason_text};

/// Counts messages and what became of them.
#[derive(Debug, Default)]
pub struct PublishReport {
    unacknowledged: u64,
    refused: u64,
}

impl PublishReport {
    /// A message went out; one with an identifier will be acknowledged.
    pub fn record_sent(&mut self, packet_id: Option<PacketId>) {
        self.unacknowledged += u64::from(packet_id.is_some());
    }

    /// Notes every acknowledgement that came.
    pub fn record_events(&mut self, client: &mut Client) {
        while let Some(event) = client.take_event() {
            if let Event::Acknowledged(done) = event {
                self.record_acknowledged(&done);
            }
        }
    }

    /// Success, if everything was sent and nothing refused.
    pub fn result(&self, is_complete: bool) -> Result<(), Failure> {
        match (self.refused, is_complete) {
            (0, true) => Ok(()),
            (0, false) => Err(self.with_unacknowledged(Failure::Runtime("error: interrupted".to_owned()))),
            (refused, _) => Err(Failure::Runtime(format!("error: {refused} messages were refused"))),
        }
    }

    /// Adds to a failure how many messages are in doubt.
    pub fn with_unacknowledged(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Runtime(text) if self.unacknowledged > 0 => {
                Failure::Runtime(format!("{text}; {} messages are not acknowledged", self.unacknowledged))
            }
            failure => failure,
        }
    }

    fn record_acknowledged(&mut self, done: &Acknowledged) {
        self.unacknowledged = self.unacknowledged.saturating_sub(1);
        if !done.reason.is_error() {
            return;
        }
        self.refused += 1;
        if self.refused <= REFUSALS_PRINTED_MAX {
            exit::print_error(&format!(
                "refused: {}",
                reason_text(done.reason, done.reason_string.as_deref())
            ));
        }
    }
}

/// Refusals that are told one by one; after them only their number.
const REFUSALS_PRINTED_MAX: u64 = 10;
