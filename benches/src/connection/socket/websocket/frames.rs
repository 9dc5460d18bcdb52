//! WebSocket frames (RFC 6455). Outgoing frames are masked. Payloads of incoming frames are extracted in place; servers
//! do not mask their frames, and control frames are never fragmented.

use crate::error::LoadError;

/// Opcodes of frames.
pub(super) mod opcode {
    pub(in super::super) const BINARY: u8 = 2;
    pub(in super::super) const CLOSE: u8 = 8;
    pub(in super::super) const PING: u8 = 9;
    pub(in super::super) const PONG: u8 = 10;
}

/// The payload of a normal Close frame.
pub(super) const NORMAL_CLOSE: [u8; 2] = 1000u16.to_be_bytes();

/// Mask of all outgoing frames. A constant suffices here: masks protect HTTP proxies against scripts in browsers, and
/// the load generator uses neither.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Appends a whole frame.
pub(super) fn append(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(len @ ..=125), _) => out.push(0x80 | len),
        (_, Ok(len)) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&crate::number::count(payload.len()).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    let from = out.len();
    out.extend_from_slice(payload);
    mask(out.get_mut(from..).unwrap_or_default());
}

fn mask(bytes: &mut [u8]) {
    let word = u32::from_ne_bytes(MASK);
    let wide = u64::from(word) | (u64::from(word) << 32);
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        if let Some(eight) = chunk.first_chunk_mut::<8>() {
            *eight = (u64::from_ne_bytes(*eight) ^ wide).to_ne_bytes();
        }
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(MASK.iter().cycle()) {
        *byte ^= mask;
    }
}

/// The position in the stream of received frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// The start of an incomplete header.
    header: Vec<u8>,
    /// Number of bytes of the current payload that have not arrived yet.
    remaining: u64,
    opcode: u8,
    /// The payload of the current control frame.
    control_payload: Vec<u8>,
    ping_payload: Option<Vec<u8>>,
    close_received: bool,
}

impl Frames {
    /// Moves the payloads of data frames to the front of `bytes`. Returns their total length.
    pub(super) fn extract_payloads(&mut self, bytes: &mut [u8]) -> Result<usize, LoadError> {
        let (mut at, mut extracted) = (0, 0);
        while at < bytes.len() && !self.close_received {
            if self.remaining == 0 {
                at += self.take_header(bytes.get(at..).unwrap_or_default())?;
                if self.remaining > 0 || !self.header.is_empty() {
                    continue;
                }
            }
            let count = crate::number::length(self.remaining).min(bytes.len() - at);
            if self.opcode < opcode::CLOSE {
                bytes.copy_within(at..at + count, extracted);
                extracted += count;
            } else {
                self.control_payload.extend_from_slice(bytes.get(at..at + count).unwrap_or_default());
            }
            at += count;
            self.remaining -= crate::number::count(count);
            if self.remaining == 0 {
                self.finish_frame();
            }
        }
        Ok(extracted)
    }

    /// Returns the payload of a received Ping, which the Pong must repeat.
    pub(super) const fn take_ping(&mut self) -> Option<Vec<u8>> {
        self.ping_payload.take()
    }

    /// Returns whether the peer has sent a Close frame.
    pub(super) const fn is_closed(&self) -> bool {
        self.close_received
    }

    /// Consumes bytes until the frame header is complete. Returns the number of consumed bytes.
    fn take_header(&mut self, bytes: &[u8]) -> Result<usize, LoadError> {
        for (taken, byte) in (1..).zip(bytes) {
            self.header.push(*byte);
            let remaining = match self.header.as_slice() {
                [_, 0x80..=0xff, ..] => return Err(LoadError::Malformed("masked WebSocket frame")),
                [_, len @ ..=125] => u64::from(*len),
                [_, 126, high, low] => u64::from(u16::from_be_bytes([*high, *low])),
                [_, 127, rest @ ..] if rest.len() == 8 => {
                    rest.first_chunk::<8>().map_or(0, |len| u64::from_be_bytes(*len))
                }
                _ => continue,
            };
            self.opcode = self.header.first().map_or(0, |first| first & 0x0f);
            self.header.clear();
            self.remaining = remaining;
            return Ok(taken);
        }
        Ok(bytes.len())
    }

    fn finish_frame(&mut self) {
        let payload = std::mem::take(&mut self.control_payload);
        match self.opcode {
            opcode::CLOSE => self.close_received = true,
            opcode::PING => self.ping_payload = Some(payload),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
