//! Decodes incoming frames in place. The decoder keeps the state of the current frame. The decoder performs no I/O, and
//! buffers only the payload of control frames (at most 125 bytes).

use std::io::{self, Cursor};

use smallvec::SmallVec;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::{Role, WebSocketFault, mask};

/// The payload of a control frame.
pub(crate) type ControlPayload = SmallVec<[u8; 16]>;

/// Decodes incoming frames, which may be received in several parts.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// Whether the peer must mask its frames.
    is_masked: bool,
    frame_size_max: u64,
    /// The received bytes of an incomplete frame header.
    header: SmallVec<[u8; 14]>,
    frame: Option<CurrentFrame>,
    /// Whether the decoder is between the first and the last fragment of a message.
    in_message: bool,
    /// The received payload of the current control frame.
    control: ControlPayload,
    /// The payload of the latest Ping, until [`Decoder::take_ping`] takes it.
    ping: Option<ControlPayload>,
    end: Option<End>,
}

/// The reason why decoding has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer sent a Close frame. The answer must have the same `code`.
    Closed { code: u16 },
    /// The peer violated the WebSocket protocol.
    Broken(WebSocketFault),
}

/// A frame whose header was received completely.
#[derive(Clone, Copy, Debug)]
struct CurrentFrame {
    kind: FrameKind,
    mask: Option<[u8; 4]>,
    /// Number of payload bytes of the frame.
    length: u64,
    /// Number of payload bytes that were decoded.
    consumed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FrameKind {
    Payload,
    Ping,
    Pong,
    Close,
}

impl Decoder {
    pub(crate) fn new(role: Role, frame_size_max: u64) -> Self {
        Self {
            is_masked: role == Role::Server,
            frame_size_max,
            header: SmallVec::new(),
            frame: None,
            in_message: false,
            control: SmallVec::new(),
            ping: None,
            end: None,
        }
    }

    /// Decodes `bytes`, moves the payload to their front, and returns its length. Decoding stops at a Close frame or a
    /// protocol violation, which [`Decoder::end`] then returns.
    pub(crate) fn decode(&mut self, bytes: &mut [u8]) -> usize {
        let (mut read, mut payload_len) = (0, 0);
        while self.end.is_none() && read < bytes.len() {
            let Some(frame) = self.frame else {
                match self.take_header(bytes.get(read..).unwrap_or_default()) {
                    Ok(consumed) => read += consumed,
                    Err(fault) => self.end = Some(End::Broken(fault)),
                }
                continue;
            };
            let left = usize::try_from(frame.length - frame.consumed).unwrap_or(usize::MAX);
            let length = left.min(bytes.len() - read);
            let part = bytes.get_mut(read..read + length).unwrap_or_default();
            if let Some(mask) = frame.mask {
                mask::toggle(part, mask, frame.consumed);
            }
            if frame.kind == FrameKind::Payload {
                bytes.copy_within(read..read + length, payload_len);
                payload_len += length;
            } else {
                self.control.extend_from_slice(part);
            }
            read += length;
            self.advance(frame, length);
        }
        payload_len
    }

    /// Takes the payload of the latest Ping received since the last call. Older pings need no answer (RFC 6455, 5.5.3).
    pub(crate) fn take_ping(&mut self) -> Option<ControlPayload> {
        self.ping.take()
    }

    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }

    /// Returns the result of a read after the underlying stream has ended: 0 (end of stream) between two messages, an
    /// error within a message.
    pub(crate) fn at_end_of_stream(&self) -> io::Result<usize> {
        if self.frame.is_none() && self.header.is_empty() && !self.in_message {
            return Ok(0);
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// Consumes header bytes from `bytes`. Returns the number of bytes consumed.
    fn take_header(&mut self, bytes: &[u8]) -> Result<usize, WebSocketFault> {
        for (index, byte) in bytes.iter().enumerate() {
            self.header.push(*byte);
            if self.header.len() < header_size(&self.header) {
                continue;
            }
            let parsed = FrameHeader::parse(&mut Cursor::new(&self.header));
            let Ok(Some((header, length))) = parsed else {
                return Err(WebSocketFault::ReservedOpcode);
            };
            self.header.clear();
            self.begin_frame(&header, length)?;
            return Ok(index + 1);
        }
        Ok(bytes.len())
    }

    fn begin_frame(&mut self, header: &FrameHeader, length: u64) -> Result<(), WebSocketFault> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(WebSocketFault::ReservedBits);
        }
        if header.mask.is_some() != self.is_masked {
            return Err(WebSocketFault::Masking);
        }
        let kind = match header.opcode {
            OpCode::Control(control) => control_kind(control, header.is_final, length)?,
            OpCode::Data(data) => self.data_kind(data, header.is_final, length)?,
        };
        let frame = CurrentFrame { kind, mask: header.mask, length, consumed: 0 };
        self.frame = Some(frame);
        if length == 0 {
            self.advance(frame, 0);
        }
        Ok(())
    }

    fn data_kind(&mut self, data: Data, is_final: bool, length: u64) -> Result<FrameKind, WebSocketFault> {
        let is_first = match data {
            Data::Text => return Err(WebSocketFault::TextFrame),
            Data::Reserved(_) => return Err(WebSocketFault::ReservedOpcode),
            Data::Binary => true,
            Data::Continue => false,
        };
        if is_first == self.in_message {
            return Err(WebSocketFault::Fragmentation);
        }
        if length > self.frame_size_max {
            return Err(WebSocketFault::TooLong);
        }
        self.in_message = !is_final;
        Ok(FrameKind::Payload)
    }

    fn advance(&mut self, mut frame: CurrentFrame, length: usize) {
        frame.consumed += u64::try_from(length).unwrap_or(u64::MAX);
        self.frame = Some(frame);
        if frame.consumed < frame.length {
            return;
        }
        self.frame = None;
        let control = std::mem::take(&mut self.control);
        match frame.kind {
            FrameKind::Payload | FrameKind::Pong => {}
            FrameKind::Ping => self.ping = Some(control),
            FrameKind::Close => self.end = Some(parse_close(&control)),
        }
    }
}

fn control_kind(control: Control, is_final: bool, length: u64) -> Result<FrameKind, WebSocketFault> {
    if !is_final || length > CONTROL_PAYLOAD_MAX {
        return Err(WebSocketFault::ControlFrame);
    }
    match control {
        Control::Close => Ok(FrameKind::Close),
        Control::Ping => Ok(FrameKind::Ping),
        Control::Pong => Ok(FrameKind::Pong),
        Control::Reserved(_) => Err(WebSocketFault::ReservedOpcode),
    }
}

/// Returns the size of the header that begins with `bytes`; a lower bound while fewer than two bytes are available.
fn header_size(bytes: &[u8]) -> usize {
    let Some(second) = bytes.get(1) else { return 2 };
    let extended = match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    2 + extended + mask
}

/// Parses the payload of a Close frame. A Close frame without a code is answered with 1000.
fn parse_close(payload: &[u8]) -> End {
    match payload.split_first_chunk::<2>() {
        None if payload.is_empty() => End::Closed { code: 1000 },
        Some((code, reason)) => {
            let code = u16::from_be_bytes(*code);
            if CloseCode::from(code).is_allowed() && str::from_utf8(reason).is_ok() {
                End::Closed { code }
            } else {
                End::Broken(WebSocketFault::CloseFrame)
            }
        }
        None => End::Broken(WebSocketFault::CloseFrame),
    }
}

/// Maximum number of payload bytes of a control frame, as RFC 6455, section 5.5, demands. A longer one is a protocol
/// error.
const CONTROL_PAYLOAD_MAX: u64 = 125;

#[cfg(test)]
mod tests;
