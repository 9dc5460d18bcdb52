//! Puts frames around an outgoing stream. Owns what of a frame is under way and the control frames that wait for its
//! end; keeps no payload on the server's side, and on the client's one masked frame at most.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;
use tokio::io::AsyncWrite;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{Role, mask};

/// Outgoing frames.
#[derive(Debug)]
pub(crate) struct Encoder {
    role: Role,
    /// Bytes of the frame under way that are ours: its header, or all of it. Those before `written` are gone.
    own: SmallVec<[u8; 16]>,
    written: usize,
    /// Payload of the frame under way that the caller has yet to bring.
    payload_left: usize,
    waiting: Waiting,
    is_closed: bool,
}

/// Control frames that wait until the frame under way is out; a later Pong replaces an earlier one.
#[derive(Debug, Default)]
struct Waiting {
    pong: Option<Box<[u8]>>,
    ping: bool,
    close: Option<u16>,
}

impl Encoder {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            role,
            own: SmallVec::new(),
            written: 0,
            payload_left: 0,
            waiting: Waiting::default(),
            is_closed: false,
        }
    }

    pub(crate) fn queue_pong(&mut self, payload: &[u8]) {
        if !self.is_closed {
            self.waiting.pong = Some(Box::from(payload));
        }
    }

    pub(crate) fn queue_ping(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.waiting.ping = true;
        Ok(())
    }

    /// The first Close stands; nothing is sent after it.
    pub(crate) fn queue_close(&mut self, code: u16) {
        if !self.is_closed {
            self.is_closed = true;
            self.waiting.close = Some(code);
        }
    }

    /// Sends payload as one frame; a frame that the stream below takes in parts goes on in the next call.
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
            ready!(self.poll_controls(io, cx))?;
            if self.is_closed {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            if self.role == Role::Client {
                return self.poll_write_masked(io, cx, slices);
            }
            self.begin(OpCode::Data(Data::Binary), None, length);
            self.payload_left = length;
        }
        self.poll_write_unmasked(io, cx, slices)
    }

    /// Sends the control frames that wait, in the order pong, ping, close. Within a frame of payload they go on waiting.
    pub(crate) fn poll_controls<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.payload_left > 0 {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_own(io, cx))?;
            if !self.begin_control() {
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
            let own = self.own.get(self.written..).unwrap_or_default();
            let own_length = own.len();
            let mut parts: SmallVec<[IoSlice<'_>; 17]> = SmallVec::new();
            parts.push(IoSlice::new(own));
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
            self.wrote_own(written.min(own_length));
            let payload = written.saturating_sub(own_length);
            self.payload_left -= payload;
            if payload > 0 {
                return Poll::Ready(Ok(payload));
            }
        }
    }

    /// Copies what fits one masked frame; it counts as written, and leaves now or with the next call.
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
        self.begin_whole(OpCode::Data(Data::Binary), &mut payload)?;
        match self.poll_own(io, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(length)),
        }
    }

    fn poll_own<S: AsyncWrite + Unpin>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.own.is_empty() {
            let rest = self.own.get(self.written..).unwrap_or_default();
            let written = ready!(Pin::new(&mut *io).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.wrote_own(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Whether a control frame waited and is under way now.
    fn begin_control(&mut self) -> bool {
        let (control, mut payload) = if let Some(payload) = self.waiting.pong.take() {
            (Control::Pong, payload.into_vec())
        } else if std::mem::take(&mut self.waiting.ping) {
            (Control::Ping, Vec::new())
        } else if let Some(code) = self.waiting.close.take() {
            (Control::Close, code.to_be_bytes().to_vec())
        } else {
            return false;
        };
        self.begin_whole(OpCode::Control(control), &mut payload).is_ok()
    }

    fn begin_whole(&mut self, opcode: OpCode, payload: &mut [u8]) -> io::Result<()> {
        let mask = if self.role == Role::Client { Some(random_mask()?) } else { None };
        if let Some(mask) = mask {
            mask::apply(payload, mask, 0);
        }
        self.begin(opcode, mask, payload.len());
        self.own.extend_from_slice(payload);
        Ok(())
    }

    fn begin(&mut self, opcode: OpCode, mask: Option<[u8; 4]>, length: usize) {
        let header = FrameHeader { is_final: true, rsv1: false, rsv2: false, rsv3: false, opcode, mask };
        // Writing to memory cannot fail.
        let _ = header.format(u64::try_from(length).unwrap_or(u64::MAX), &mut self.own);
    }

    fn wrote_own(&mut self, written: usize) {
        self.written += written;
        if self.written >= self.own.len() {
            self.own = SmallVec::new();
            self.written = 0;
        }
    }
}

/// RFC 6455, 5.3: masks cannot be foretold.
fn random_mask() -> io::Result<[u8; 4]> {
    let mut mask = [0; 4];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut mask).map_err(|_| io::Error::other("no randomness"))?;
    Ok(mask)
}

/// Payload of one masked frame at most, in bytes: it is copied.
const MASKED_PAYLOAD_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests;
