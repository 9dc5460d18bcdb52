//! Ends a connection: finishes its publish, detaches it from its session, and collects the last bytes for the client.

use tidegate_limits::memory;

use super::{ClientConnection, Unfinished};
use crate::delivery::PublishProgress;
use crate::end::{End, EndKind};
use crate::turn::Turn;

impl ClientConnection {
    /// Continues the connection's unfinished publish. Returns `true` if none is left. Must be called until it returns
    /// `true` before [`Self::end`] is called. While the publish is unfinished, no other connection can take over the
    /// session. In this way, the will of this connection and the messages of a later connection are delivered after the
    /// publish.
    pub fn continue_unfinished_publish(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(unfinished) = self.unfinished.take() else { return true };
        let Unfinished::Publish { publish, packet_ids } = *unfinished else { return true };
        let PublishProgress::Unfinished(publish) = self.broker.resume_publish(turn, publish) else {
            return true;
        };
        self.unfinished = Some(Box::new(Unfinished::Publish { publish, packet_ids }));
        false
    }

    /// Ends the connection and detaches it from its session. Appends the bytes that are still to be written to `rest`.
    /// The appended bytes end with the broker's DISCONNECT, unless CONNACK was not sent `[MQTT5-3.14.0-1]`.
    pub fn end(mut self, turn: &mut Turn<'_>, end: &End, rest: &mut Vec<u8>) {
        while !self.continue_unfinished_publish(turn) {}
        match end.kind() {
            EndKind::Violation => turn.counters.connections_violated.add(1),
            EndKind::OutOfMemory => turn.counters.connections_out_of_memory.add(1),
            EndKind::Silent => turn.counters.connections_silent.add(1),
            EndKind::Gone | EndKind::Shutdown | EndKind::TakenOver => {}
        }
        self.broker.hooks.disconnect(&self.context, end);
        if end.kind() == EndKind::TakenOver {
            let mut unwritten_bytes = self.acks.signals().take_unwritten_bytes();
            if memory::reserve(rest, unwritten_bytes.len()).is_ok() {
                rest.append(&mut unwritten_bytes);
            } else {
                self.acks.signals().forbid_writing();
            }
        } else {
            // The client gets no answer to the end of its connection, so nothing waits for the commit.
            let _ = self.broker.disconnect(turn, &self.owner, end.cause(), rest);
        }
        if !self.acks.awaits_connack() {
            end.encode_disconnect(self.inbound.version(), rest);
        }
    }
}
