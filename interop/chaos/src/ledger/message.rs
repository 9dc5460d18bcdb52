//! A message that a client has sent, and what became of it.

use std::fmt;
use std::str;

/// The sender of a message, and the number that the sender gave it. The payload consists of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId {
    /// The index of the client.
    pub sender: usize,
    /// Rises with every message of the sender.
    pub sequence: u64,
}

impl MessageId {
    /// Reads a payload.
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
    /// Its topic.
    pub topic: String,
    /// RETAIN.
    pub retain: bool,
    /// Whether it has no payload, so that a receiver cannot tell which message it is. It deletes the retained message.
    pub is_empty: bool,
    /// When it was sent.
    pub sent_at: u64,
    /// Whether it was sent again, so that one copy may have been taken and another refused.
    pub is_repeated: bool,
    /// What became of it.
    pub fate: Fate,
}

/// What the sender knows of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not acknowledged yet.
    Open,
    /// It was acknowledged at that time.
    Acknowledged(u64),
    /// It was refused.
    Refused,
    /// It may be delivered or not: a will that was not caused, or a message that was never handed to the connection.
    Excused,
}
