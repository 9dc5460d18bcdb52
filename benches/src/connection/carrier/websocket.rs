//! WebSocket over TCP or TLS: the client's side, with one binary frame a flush.

use super::{Arrival, Carrier};
use crate::error::LoadError;

mod frames;
mod upgrade;

use frames::{Frames, opcode};

/// A WebSocket and what it runs over.
#[derive(Debug)]
pub(crate) struct WebSocket {
    below: Carrier,
    /// The head of the answer to the upgrade, until it is whole.
    upgrading: Option<Vec<u8>>,
    requested: bool,
    frames: Frames,
    framed: Vec<u8>,
    written: usize,
}

impl WebSocket {
    /// Upgrades once `below` is open.
    pub(crate) fn new(below: Carrier) -> Self {
        let (frames, framed) = (Frames::default(), Vec::new());
        Self { below, upgrading: Some(Vec::new()), requested: false, frames, framed, written: 0 }
    }

    pub(crate) const fn below(&self) -> &Carrier {
        &self.below
    }

    pub(crate) const fn below_mut(&mut self) -> &mut Carrier {
        &mut self.below
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.upgrading.is_none()
    }

    /// One read below, of which the payloads stay.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> Result<Arrival, LoadError> {
        let arrival = self.below.read(room)?;
        let Some(bytes) = room.get_mut(..arrival.count) else { return Ok(arrival) };
        if self.upgrading.is_some() {
            self.upgrade(bytes)?;
            return Ok(Arrival { count: 0, more: arrival.more });
        }
        let count = self.frames.strip(bytes)?;
        if let Some(payload) = self.frames.take_ping() {
            frames::append(opcode::PONG, &payload, &mut self.framed);
        }
        match (self.frames.is_closed(), count) {
            (true, 0) => Err(LoadError::Closed),
            (closed, _) => Ok(Arrival { count, more: arrival.more || closed }),
        }
    }

    /// Frames all of the bytes, unless earlier ones wait.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        if !self.is_open() || self.written < self.framed.len() {
            return Ok(0);
        }
        frames::append(opcode::BINARY, bytes, &mut self.framed);
        Ok(bytes.len())
    }

    pub(crate) fn flush(&mut self) -> Result<bool, LoadError> {
        if !self.requested && self.below.is_open() {
            self.framed.extend_from_slice(upgrade::REQUEST);
            self.requested = true;
        }
        while let Some(rest) = self.framed.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.below.write(rest)? {
                0 => break,
                count => self.written += count,
            }
        }
        let done = self.written == self.framed.len();
        if done {
            self.framed.clear();
            self.written = 0;
        }
        Ok(self.below.flush()? && done)
    }

    pub(crate) fn close(&mut self) -> Result<(), LoadError> {
        frames::append(opcode::CLOSE, &frames::NORMAL, &mut self.framed);
        self.flush()?;
        self.below.close()
    }

    fn upgrade(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let head = self.upgrading.get_or_insert_default();
        head.extend_from_slice(bytes);
        if upgrade::is_accepted(head)? {
            self.upgrading = None;
        }
        Ok(())
    }
}
