//! A message that a client has sent, and the broker's answer to it.

use std::fmt;
use std::str;

/// The sender of a message, and the sequence number that the sender gave it. The payload consists of the sender and the
/// sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId {
    /// The index of the client.
    pub sender: usize,
    /// The sequence number, which rises with every message of the sender.
    pub sequence: u64,
}

impl MessageId {
    /// Parses the payload of a message.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (sender, sequence) = str::from_utf8(payload).ok()?.split_once(' ')?;
        Some(Self { sender: sender.parse().ok()?, sequence: sequence.parse().ok()? })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.sender, self.sequence)
    }
}

/// A message, or a will.
#[derive(Clone, Debug)]
pub struct Message {
    /// The topic of the message.
    pub topic: String,
    /// The RETAIN flag.
    pub retain: bool,
    /// Whether the payload is empty. A retained message with an empty payload deletes the retained message, and
    /// receivers cannot identify it.
    pub is_empty: bool,
    /// The logical time at which the message was first sent.
    pub sent_at: u64,
    /// Whether the sender retransmitted the message, so that the broker may have accepted one copy and refused another.
    pub is_repeated: bool,
    /// The broker's answer to the message.
    pub fate: Fate,
}

/// The broker's answer to a message, as its sender received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The broker has not answered yet.
    Open,
    /// The broker acknowledged the message at this logical time.
    Acknowledged(u64),
    /// The broker refused the message.
    Refused,
    /// The broker may deliver the message or not: a will that it need not have published, or a message that was never
    /// written to the connection.
    Optional,
}
