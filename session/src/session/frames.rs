//! Sends PUBLISH frames to the client as the publisher encoded them: they are copied together, with new packet
//! identifiers.

use tidegate_limits::Decision;

use crate::verdict::{DropReason, Verdict};

use super::Session;

/// Complete QoS 1 PUBLISH frames in one contiguous buffer, without DUP and RETAIN. All frames belong to one wire class:
/// MQTT 5.0, or MQTT 3.1 and 3.1.1, which encode PUBLISH alike.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    /// The frames.
    pub wire: &'a [u8],
    /// Offset in `wire` of the two bytes of each frame's packet identifier. There is one offset per frame, in ascending
    /// order.
    pub packet_ids: &'a [usize],
    /// Size of the largest frame in bytes.
    pub largest_size: usize,
}

impl Session {
    /// Copies `count` complete QoS 0 PUBLISH frames, encoded for this client's version, to the write buffer.
    /// `largest_size` is the size of the largest frame in bytes. If the frames cannot be copied together, the caller
    /// has to push them one by one ([`Verdict::PushOneByOne`]). If the write buffer is too full because the client
    /// reads too slowly, all frames are dropped.
    pub fn push_encoded(&mut self, wire: &[u8], count: u32, largest_size: usize) -> Verdict {
        if !self.resumed {
            return self.drop_message(DropReason::Offline, count);
        }
        if !self.outbox.accepts_frames(largest_size) {
            return Verdict::PushOneByOne;
        }
        let waiting = self.outbox.write_buffer.len();
        let fits = self.config.output_limits().admit_qos_0(waiting, wire.len()) == Decision::Admit;
        if fits && self.outbox.write_buffer.put(wire) {
            return Verdict::Sent;
        }
        self.verdict_on_overflow(count)
    }

    /// Copies frames of this client's wire class and sends them at QoS 1 under packet identifiers of this session.
    /// Either all frames are sent or none; if none, the caller has to push them one by one ([`Verdict::PushOneByOne`]).
    /// Only a session that ends with its connection accepts frames, because frames are not stored for resending.
    /// `[MQTT5-4.3.2-1]` `[MQTT5-4.4.0-1]`
    pub fn push_frames(&mut self, frames: &Frames<'_>) -> Verdict {
        let start = self.outbox.write_buffer.buffer().len();
        if !self.can_write_frames(frames) || !self.outbox.write_buffer.put(frames.wire) {
            return Verdict::PushOneByOne;
        }
        let buffer = self.outbox.write_buffer.buffer();
        let copied = buffer.get_mut(start..).unwrap_or_default();
        for at in frames.packet_ids {
            let packet_id = self.inflight.reserve();
            let Some(packet_id_bytes) = copied.get_mut(*at..).and_then(<[u8]>::first_chunk_mut) else {
                unreachable!("each packet identifier offset is inside the frames")
            };
            *packet_id_bytes = packet_id.get().to_be_bytes();
            self.inflight.open_untracked();
            self.quota.take();
        }
        Verdict::Sent
    }

    /// Counts frames that [`Session::push_encoded`] or [`Session::push_frames`] has sent, for [`Session::sent`]. Call
    /// it once for all frames of a batch.
    pub fn count_sent_frames(&mut self, count: u32) {
        self.outbox.packets += u64::from(count);
    }

    /// Returns the verdict on frames that do not all fit into the write buffer.
    #[cold]
    fn verdict_on_overflow(&mut self, count: u32) -> Verdict {
        let keeps_up = self.config.output_limits().keeps_up(self.outbox.write_buffer.len());
        if keeps_up && count > 1 { Verdict::PushOneByOne } else { self.drop_message(DropReason::Slow, count) }
    }

    /// Returns whether all frames may be written now without overtaking messages that wait. `[MQTT5-3.3.4-9]`
    /// `[MQTT5-4.6.0-6]`
    fn can_write_frames(&self, frames: &Frames<'_>) -> bool {
        let ends_with_connection = self.session_expiry == 0;
        let waiting = self.outbox.write_buffer.len();
        let fits = self.config.output_limits().admit_together(waiting, frames.wire.len()) == Decision::Admit;
        ends_with_connection
            && fits
            && self.has_room_for(frames.packet_ids.len())
            && !self.has_backlog()
            && self.bytes_awaiting_commit() == 0
            && self.outbox.accepts_frames(frames.largest_size)
    }
}
