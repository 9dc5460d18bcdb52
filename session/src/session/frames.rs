//! PUBLISH frames to the client as the publisher sent them: copied in one piece, their identifiers put right.

use crate::verdict::{Drop, Verdict};

use super::Session;

/// Whole QoS 1 PUBLISH frames side by side, in one wire class (5.0, or both of 3.x), without DUP and RETAIN.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    /// The frames.
    pub wire: &'a [u8],
    /// Where in `wire` the two bytes of each packet identifier are, in order; one for each frame.
    pub packet_ids: &'a [usize],
    /// Size of the largest frame in bytes.
    pub largest: usize,
}

impl Session {
    /// Copies `count` whole QoS 0 PUBLISH frames in this client's version; `largest` is the size of the largest. Where not all
    /// of them fit, they are [`Verdict::Individually`] to be sent as far as they do, or dropped for a client that reads too slowly.
    pub fn push_encoded(&mut self, wire: &[u8], count: u32, largest: usize) -> Verdict {
        if !self.resumed {
            return self.drop_message(Drop::Offline, count);
        }
        if !self.outbox.accepts_frames(largest) {
            return Verdict::Individually;
        }
        if self.outbox.write_buffer.len() + wire.len() > self.config.pending_bytes_max {
            return self.overflow(count);
        }
        self.outbox.write_buffer.put(wire);
        Verdict::Sent
    }

    /// Copies frames in this client's wire class and sends them at QoS 1 under identifiers of this session. Either all of
    /// them are sent, or none: [`Verdict::Individually`]. Only a session that ends with its connection takes any, since
    /// nothing of them is kept to be sent again. `[MQTT5-4.3.2-1]` `[MQTT5-4.4.0-1]`
    pub fn push_frames(&mut self, frames: &Frames<'_>) -> Verdict {
        if !self.can_write_frames(frames) {
            return Verdict::Individually;
        }
        let buffer = self.outbox.write_buffer.buffer();
        let start = buffer.len();
        buffer.extend_from_slice(frames.wire);
        let copied = buffer.get_mut(start..).unwrap_or_default();
        for at in frames.packet_ids {
            let packet_id = self.inflight.reserve();
            let Some(place) = copied.get_mut(*at..).and_then(<[u8]>::first_chunk_mut) else {
                unreachable!("identifiers are where the frames have them")
            };
            *place = packet_id.get().to_be_bytes();
            self.inflight.open_untracked();
            self.quota.take();
        }
        Verdict::Sent
    }

    /// The verdict on frames that do not all fit the pending bytes.
    #[cold]
    fn overflow(&mut self, count: u32) -> Verdict {
        let reads = self.outbox.write_buffer.len() <= self.config.pending_bytes_max / 2;
        if reads && count > 1 { Verdict::Individually } else { self.drop_message(Drop::Slow, count) }
    }

    /// Whether all frames may be written at once, in front of nothing that waits. `[MQTT5-3.3.4-9]` `[MQTT5-4.6.0-6]`
    fn can_write_frames(&self, frames: &Frames<'_>) -> bool {
        let ends_with_connection = self.session_expiry == 0;
        let fits = self.outbox.write_buffer.len() + frames.wire.len() <= self.config.pending_bytes_high;
        ends_with_connection
            && fits
            && self.has_room_for(frames.packet_ids.len())
            && !self.has_backlog()
            && self.bytes_awaiting_commit() == 0
            && self.outbox.accepts_frames(frames.largest)
    }
}
