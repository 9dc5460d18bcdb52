//! Ends a connection: finishes its publish, detaches it from its session, and collects the last bytes for the client.

use std::time::Duration;

use tidegate_limits::memory;
use tidegate_session::Traffic;

use super::{ClientConnection, Unfinished};
use crate::delivery::PublishProgress;
use crate::end::{End, EndKind};
use crate::signals::Leftover;
use crate::turn::Turn;

/// What happened on a connection until its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionSummary {
    /// The packets received after CONNECT, and their bytes.
    pub received: Traffic,
    /// The packets sent from CONNACK on, and their bytes. The bytes may include some that the client never read.
    pub sent: Traffic,
    /// The time from the acceptance of CONNECT to the end.
    pub duration: Duration,
}

impl ClientConnection {
    /// Continues the connection's unfinished publish. Returns `true` if no publish is unfinished. Must be called until
    /// it returns `true` before [`Self::end`] is called. While the publish is unfinished, no other connection can take
    /// over the session. In this way, the will of this connection and the messages of a later connection are delivered
    /// after the publish.
    pub fn continue_unfinished_publish(&mut self, turn: &mut Turn<'_>) -> bool {
        turn.count_for(self.context.tenant);
        let Some(unfinished) = self.unfinished.take() else { return true };
        let Unfinished::Publish { publish, packet_ids } = *unfinished else { return true };
        let PublishProgress::Unfinished(publish) = self.broker.resume_publish(turn, publish) else {
            return true;
        };
        self.unfinished = Some(Box::new(Unfinished::Publish { publish, packet_ids }));
        false
    }

    /// Ends the connection and detaches it from its session. Appends the bytes that are still to be written to `rest`.
    /// These bytes end with the broker's DISCONNECT, unless CONNACK was not sent `[MQTT5-3.14.0-1]`.
    pub fn end(mut self, turn: &mut Turn<'_>, end: &End, rest: &mut Vec<u8>) -> ConnectionSummary {
        while !self.continue_unfinished_publish(turn) {}
        match end.kind() {
            EndKind::Violation => turn.counters.connections_violated.add(1),
            EndKind::OutOfMemory => turn.counters.connections_out_of_memory.add(1),
            EndKind::Silent => turn.counters.connections_silent.add(1),
            _ => {}
        }
        self.broker.hooks.disconnect(&self.context, end);
        let mut sent = if end.kind() == EndKind::TakenOver {
            self.take_leftover(rest)
        } else {
            // The client gets no answer to the end of its connection, so nothing waits for the commit.
            self.broker.disconnect(turn, &self.owner, end.cause(), rest).outcome
        };
        let unsent = rest.len();
        if !self.acks.awaits_connack() {
            end.encode_disconnect(&self.inbound, rest);
        }
        if rest.len() > unsent {
            sent.packets += 1;
            sent.bytes += u64::try_from(rest.len() - unsent).unwrap_or(0);
        }
        let duration = self.acks.signals().age(turn.now);
        ConnectionSummary { received: self.received, sent, duration }
    }

    /// Takes the leftover of this connection, whose session another connection took over. Appends its unwritten bytes
    /// to `rest`, and returns the traffic that was sent.
    fn take_leftover(&self, rest: &mut Vec<u8>) -> Traffic {
        let Leftover { mut unwritten, sent } = self.acks.signals().take_leftover();
        if memory::reserve(rest, unwritten.len()).is_ok() {
            rest.append(&mut unwritten);
        } else {
            self.acks.signals().forbid_writing();
        }
        sent
    }
}
