//! Encodes outgoing frames. The encoder keeps the state of the current frame and the control frames that wait for its
//! end. A server buffers no payload, a client at most one masked frame.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;
use tokio::io::AsyncWrite;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{Role, mask};

/// Encodes outgoing frames, which the stream may accept in several parts.
#[derive(Debug)]
pub(crate) struct Encoder {
    role: Role,
    /// Buffered bytes of the current frame: its header or, for a masked or control frame, the whole frame. The first
    /// `buffer_written` bytes are already written.
    buffer: SmallVec<[u8; 16]>,
    buffer_written: usize,
    /// Number of payload bytes of the current frame that the caller must still pass to `poll_write`.
    payload_left: usize,
    queued: QueuedControls,
    /// Whether a Close frame was queued or sent.
    is_closed: bool,
}

/// Control frames that wait until the current frame is written. A later Pong replaces an earlier one.
#[derive(Debug, Default)]
struct QueuedControls {
    pong: Option<Box<[u8]>>,
    ping: bool,
    /// The code of the Close frame.
    close: Option<u16>,
}

impl Encoder {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            role,
            buffer: SmallVec::new(),
            buffer_written: 0,
            payload_left: 0,
            queued: QueuedControls::default(),
            is_closed: false,
        }
    }

    pub(crate) fn queue_pong(&mut self, payload: &[u8]) {
        if !self.is_closed {
            self.queued.pong = Some(Box::from(payload));
        }
    }

    pub(crate) fn queue_ping(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.queued.ping = true;
        Ok(())
    }

    /// Queues a Close frame. Only the first call has an effect; no frame is sent after a Close frame.
    pub(crate) fn queue_close(&mut self, code: u16) {
        if !self.is_closed {
            self.is_closed = true;
            self.queued.close = Some(code);
        }
    }

    /// Sends payload as one frame. If the stream accepts only part of the frame, the next call continues with the rest.
    pub(crate) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.payload_left == 0 {
            let length: usize = slices.iter().map(|slice| slice.len()).sum();
            if length == 0 {
                return Poll::Ready(Ok(0));
            }
            ready!(self.poll_control_frames(io, cx))?;
            if self.is_closed {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            if self.role == Role::Client {
                return self.poll_write_masked(io, cx, slices);
            }
            self.begin_frame(OpCode::Data(Data::Binary), None, length);
            self.payload_left = length;
        }
        self.poll_write_unmasked(io, cx, slices)
    }

    /// Sends the queued control frames, in the order Pong, Ping, Close. Does nothing while a payload frame is
    /// incomplete.
    pub(crate) fn poll_control_frames<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.payload_left > 0 {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_write_buffer(io, cx))?;
            if !self.begin_control_frame() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_write_unmasked<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            let buffer = self.buffer.get(self.buffer_written..).unwrap_or_default();
            let buffered = buffer.len();
            let mut parts: SmallVec<[IoSlice<'_>; 17]> = SmallVec::new();
            parts.push(IoSlice::new(buffer));
            let mut left = self.payload_left;
            for slice in slices {
                let part = slice.get(..left.min(slice.len())).unwrap_or_default();
                left -= part.len();
                parts.push(IoSlice::new(part));
            }
            let written = ready!(Pin::new(&mut *io).poll_write_vectored(cx, &parts))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            drop(parts);
            self.advance_buffer(written.min(buffered));
            let payload = written.saturating_sub(buffered);
            self.payload_left -= payload;
            if payload > 0 {
                return Poll::Ready(Ok(payload));
            }
        }
    }

    /// Copies as many payload bytes as fit into one masked frame. The copied bytes count as written, even if the stream
    /// accepts the frame only in later calls.
    fn poll_write_masked<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut payload = Vec::new();
        for slice in slices {
            let room = MASKED_PAYLOAD_MAX - payload.len();
            payload.extend_from_slice(slice.get(..room.min(slice.len())).unwrap_or_default());
        }
        let length = payload.len();
        self.begin_buffered_frame(OpCode::Data(Data::Binary), &mut payload)?;
        match self.poll_write_buffer(io, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(length)),
        }
    }

    fn poll_write_buffer<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            let rest = self.buffer.get(self.buffer_written..).unwrap_or_default();
            let written = ready!(Pin::new(&mut *io).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance_buffer(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Moves the next queued control frame into the buffer. Returns false if no control frame is queued.
    fn begin_control_frame(&mut self) -> bool {
        let (control, mut payload) = if let Some(payload) = self.queued.pong.take() {
            (Control::Pong, payload.into_vec())
        } else if std::mem::take(&mut self.queued.ping) {
            (Control::Ping, Vec::new())
        } else if let Some(code) = self.queued.close.take() {
            (Control::Close, code.to_be_bytes().to_vec())
        } else {
            return false;
        };
        self.begin_buffered_frame(OpCode::Control(control), &mut payload).is_ok()
    }

    fn begin_buffered_frame(&mut self, opcode: OpCode, payload: &mut [u8]) -> io::Result<()> {
        let mask = if self.role == Role::Client { Some(random_mask()?) } else { None };
        if let Some(mask) = mask {
            mask::toggle(payload, mask, 0);
        }
        self.begin_frame(opcode, mask, payload.len());
        self.buffer.extend_from_slice(payload);
        Ok(())
    }

    fn begin_frame(&mut self, opcode: OpCode, mask: Option<[u8; 4]>, length: usize) {
        let header = FrameHeader { is_final: true, rsv1: false, rsv2: false, rsv3: false, opcode, mask };
        // Writing to memory cannot fail.
        let _ = header.format(u64::try_from(length).unwrap_or(u64::MAX), &mut self.buffer);
    }

    fn advance_buffer(&mut self, written: usize) {
        self.buffer_written += written;
        if self.buffer_written >= self.buffer.len() {
            self.buffer = SmallVec::new();
            self.buffer_written = 0;
        }
    }
}

/// Returns a random mask. Masks must be unpredictable (RFC 6455, 5.3).
fn random_mask() -> io::Result<[u8; 4]> {
    let mut mask = [0; 4];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .secure_random
        .fill(&mut mask)
        .map_err(|_| io::Error::other("the random number generator failed"))?;
    Ok(mask)
}

/// Maximum number of payload bytes in one masked frame. The payload of a masked frame is copied. The rest follows in
/// further frames.
const MASKED_PAYLOAD_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests;
