//! Counts acknowledged and refused messages.

use tidegate_client::{Acknowledged, Client, Event, reason_text};
use tidegate_mqtt::PacketId;

use crate::cli::exit::{self, Failure};

/// Counts messages without acknowledgement, and messages the broker refused.
#[derive(Debug, Default)]
pub struct PublishReport {
    unacknowledged: u64,
    refused: u64,
}

impl PublishReport {
    /// Records a sent message. If it has no packet identifier, no acknowledgement will arrive for it.
    pub fn record_sent(&mut self, packet_id: Option<PacketId>) {
        self.unacknowledged += u64::from(packet_id.is_some());
    }

    /// Records every acknowledgement received.
    pub fn record_events(&mut self, client: &mut Client) {
        while let Some(event) = client.take_event() {
            if let Event::Acknowledged(done) = event {
                self.record_acknowledged(&done);
            }
        }
    }

    /// Succeeds if everything was sent (`is_complete`) and nothing was refused.
    pub fn result(&self, is_complete: bool) -> Result<(), Failure> {
        match (self.refused, is_complete) {
            (0, true) => Ok(()),
            (0, false) => Err(self.with_unacknowledged(Failure::Runtime("error: interrupted".to_owned()))),
            (refused, _) => Err(Failure::Runtime(format!("error: the broker refused {refused} messages"))),
        }
    }

    /// Adds the number of unacknowledged messages to a failure.
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

/// Maximum number of refusals printed one by one; further ones are only counted. A broker usually refuses all messages
/// for one reason.
const REFUSALS_PRINTED_MAX: u64 = 10;
