//! The client side of WebSocket over TCP or TLS. Each write becomes one binary frame.

use super::{Received, Socket};
use crate::error::LoadError;

mod frames;
mod upgrade;

use frames::{Frames, opcode};

/// A WebSocket over another socket.
#[derive(Debug)]
pub(crate) struct WebSocket {
    inner: Socket,
    /// The part of the HTTP response head that was received. `None` once the upgrade is complete.
    response_head: Option<Vec<u8>>,
    request_sent: bool,
    frames: Frames,
    outgoing: Vec<u8>,
    /// Number of bytes at the front of `outgoing` that the inner socket has accepted.
    written_len: usize,
}

impl WebSocket {
    /// Creates a WebSocket that sends the upgrade request as soon as `inner` is open.
    pub(crate) fn new(inner: Socket) -> Self {
        let (frames, outgoing) = (Frames::default(), Vec::new());
        Self { inner, response_head: Some(Vec::new()), request_sent: false, frames, outgoing, written_len: 0 }
    }

    pub(crate) const fn inner(&self) -> &Socket {
        &self.inner
    }

    pub(crate) const fn inner_mut(&mut self) -> &mut Socket {
        &mut self.inner
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.response_head.is_none()
    }

    /// Reads once from the inner socket and extracts the payloads of the frames.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Received, LoadError> {
        let received = self.inner.read(buffer)?;
        let Some(bytes) = buffer.get_mut(..received.count) else { return Ok(received) };
        if self.response_head.is_some() {
            self.upgrade(bytes)?;
            return Ok(Received { count: 0, has_more: received.has_more });
        }
        let count = self.frames.extract_payloads(bytes)?;
        if let Some(payload) = self.frames.take_ping() {
            frames::append(opcode::PONG, &payload, &mut self.outgoing);
        }
        match (self.frames.is_closed(), count) {
            (true, 0) => Err(LoadError::Closed),
            (closed, _) => Ok(Received { count, has_more: received.has_more || closed }),
        }
    }

    /// Puts all bytes into one frame. Accepts none while earlier bytes wait to be sent.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        if !self.is_open() || self.written_len < self.outgoing.len() {
            return Ok(0);
        }
        frames::append(opcode::BINARY, bytes, &mut self.outgoing);
        Ok(bytes.len())
    }

    pub(crate) fn flush(&mut self) -> Result<bool, LoadError> {
        if !self.request_sent && self.inner.is_open() {
            self.outgoing.extend_from_slice(upgrade::REQUEST);
            self.request_sent = true;
        }
        while let Some(rest) = self.outgoing.get(self.written_len..).filter(|rest| !rest.is_empty()) {
            match self.inner.write(rest)? {
                0 => break,
                count => self.written_len += count,
            }
        }
        let done = self.written_len == self.outgoing.len();
        if done {
            self.outgoing.clear();
            self.written_len = 0;
        }
        Ok(self.inner.flush()? && done)
    }

    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        frames::append(opcode::CLOSE, &frames::NORMAL_CLOSE, &mut self.outgoing);
        self.flush()?;
        self.inner.close()
    }

    fn upgrade(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let head = self.response_head.get_or_insert_default();
        head.extend_from_slice(bytes);
        if upgrade::is_accepted(head)? {
            self.response_head = None;
        }
        Ok(())
    }
}
