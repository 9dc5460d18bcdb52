//! The decoder gets frames that another implementation encoded, split at arbitrary points.

use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::Bytes;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

use super::{Decoder, End};
use crate::websocket::{Role, WebSocketFault, mask};

#[derive(Clone, Debug)]
struct TestFrame {
    opcode: OpCode,
    is_final: bool,
    mask: [u8; 4],
    payload: Vec<u8>,
}

fn encode(frame: &TestFrame) -> Vec<u8> {
    let header = FrameHeader {
        is_final: frame.is_final,
        mask: Some(frame.mask),
        opcode: frame.opcode,
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    Frame::from_payload(header, Bytes::from(frame.payload.clone())).format(&mut bytes).unwrap();
    bytes
}

/// Passes `bytes` to the decoder in parts, whose lengths cycle through `lengths`.
fn decode(decoder: &mut Decoder, bytes: &[u8], lengths: &[usize]) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut lengths = lengths.iter().cycle();
    let mut rest = bytes;
    while !rest.is_empty() && decoder.end().is_none() {
        let length = (*lengths.next().unwrap()).min(rest.len());
        let mut piece = rest[..length].to_vec();
        let payload_len = decoder.decode(&mut piece);
        payload.extend_from_slice(&piece[..payload_len]);
        rest = &rest[length..];
    }
    payload
}

fn any_frame() -> impl Strategy<Value = TestFrame> {
    let size = prop_oneof![0..10_usize, 120..130_usize, 65_530..65_540_usize];
    (any::<[u8; 4]>(), size, any::<u8>(), 0..4_u8, any::<bool>()).prop_map(
        |(mask, size, seed, kind, is_final)| {
            let (opcode, size) = match kind {
                0 => (OpCode::Control(Control::Ping), size % 126),
                1 => (OpCode::Control(Control::Pong), size % 126),
                _ => (OpCode::Data(Data::Binary), size),
            };
            let payload = (0..size).map(|n| (n as u8).wrapping_mul(31) ^ seed).collect();
            TestFrame { opcode, is_final, mask, payload }
        },
    )
}

/// Turns frames into a legal stream: control frames are not fragmented, and the fragments of a message follow each
/// other.
fn make_legal(mut frames: Vec<TestFrame>) -> Vec<TestFrame> {
    let mut in_message = false;
    for frame in &mut frames {
        if frame.opcode == OpCode::Data(Data::Binary) {
            let is_first = !in_message;
            in_message = !frame.is_final;
            frame.opcode = OpCode::Data(if is_first { Data::Binary } else { Data::Continue });
        } else {
            frame.is_final = true;
        }
    }
    frames
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_legal_stream_yields_its_payload_for_every_split(
        frames in vec(any_frame(), 0..12).prop_map(make_legal),
        lengths in vec(1..5000_usize, 1..20),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(encode).collect();
        let is_data = |frame: &&TestFrame| matches!(frame.opcode, OpCode::Data(_));
        let expected: Vec<u8> = frames.iter().filter(is_data).flat_map(|frame| frame.payload.clone()).collect();
        let mut decoder = Decoder::new(Role::Server, 1_000_000);
        prop_assert!(decode(&mut decoder, &bytes, &lengths) == expected);
        prop_assert_eq!(decoder.end(), None);
        let last_ping = frames.iter().rfind(|frame| frame.opcode == OpCode::Control(Control::Ping));
        let ping = decoder.take_ping().map(|ping| ping.to_vec());
        prop_assert_eq!(ping, last_ping.map(|frame| frame.payload.clone()));
        let in_message = frames.iter().rfind(|frame| is_data(frame)).is_some_and(|frame| !frame.is_final);
        prop_assert_eq!(decoder.at_end_of_stream().is_err(), in_message);
    }

    #[test]
    fn arbitrary_bytes_are_decoded_or_refused(bytes in vec(any::<u8>(), 0..300), lengths in vec(1..40_usize, 1..5)) {
        let mut decoder = Decoder::new(Role::Server, 1000);
        let payload = decode(&mut decoder, &bytes, &lengths);
        prop_assert!(payload.len() <= bytes.len());
        prop_assert!(decoder.control.len() <= 125 && decoder.header.len() <= 14);
    }

    #[test]
    fn a_mask_can_be_applied_from_any_offset(mask in any::<[u8; 4]>(), bytes in vec(any::<u8>(), 0..100), cut in 0..100_usize) {
        let cut = cut.min(bytes.len());
        let mut masked = bytes.clone();
        let (head, tail) = masked.split_at_mut(cut);
        mask::toggle(head, mask, 0);
        mask::toggle(tail, mask, cut as u64);
        let expected: Vec<u8> = bytes.iter().enumerate().map(|(n, byte)| byte ^ mask[n % 4]).collect();
        prop_assert_eq!(masked, expected);
    }
}

/// Decodes one frame from a client, which consists of the given first byte and payload. Returns why decoding has ended,
/// if it has.
fn end_after(first: u8, payload: &[u8]) -> Option<End> {
    let mut bytes = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    let mut decoder = Decoder::new(Role::Server, 100);
    decoder.decode(&mut bytes);
    decoder.end()
}

#[test]
fn close_frames_are_validated() {
    assert_eq!(end_after(0x88, &[]), Some(End::Closed { code: 1000 }));
    assert_eq!(end_after(0x88, &1001_u16.to_be_bytes()), Some(End::Closed { code: 1001 }));
    assert_eq!(end_after(0x88, &[3, 0xE8, b'o', b'k']), Some(End::Closed { code: 1000 }));
    let broken = Some(End::Broken(WebSocketFault::CloseFrame));
    for payload in [&[3][..], &999_u16.to_be_bytes(), &1005_u16.to_be_bytes(), &[3, 0xE8, 0xFF]] {
        assert_eq!(end_after(0x88, payload), broken, "{payload:?}");
    }
}

#[test]
fn each_websocket_violation_has_its_own_fault() {
    let broken = |fault| Some(End::Broken(fault));
    assert_eq!(end_after(0x81, b"text"), broken(WebSocketFault::TextFrame));
    assert_eq!(end_after(0x80, b""), broken(WebSocketFault::Fragmentation));
    assert_eq!(end_after(0x92, b""), broken(WebSocketFault::ReservedBits));
    assert_eq!(end_after(0x83, b""), broken(WebSocketFault::ReservedOpcode));
    assert_eq!(end_after(0x8B, b""), broken(WebSocketFault::ReservedOpcode));
    assert_eq!(end_after(0x09, b""), broken(WebSocketFault::ControlFrame));
    assert_eq!(end_after(0x82, &[0; 101]), broken(WebSocketFault::TooLong));
    assert_eq!(end_after(0x82, &[0; 100]), None);
}

/// Servers do not mask frames, so a client refuses a masked frame.
#[test]
fn a_client_accepts_only_unmasked_frames() {
    let mut decoder = Decoder::new(Role::Client, 100);
    let mut bytes = [0x82, 2, 7, 8, 0x82, 0x80, 0, 0, 0, 0];
    assert_eq!(decoder.decode(&mut bytes), 2);
    assert_eq!(bytes[..2], [7, 8]);
    assert_eq!(decoder.end(), Some(End::Broken(WebSocketFault::Masking)));
}
