//! Tests with payloads of whole frames and of frames that arrive in pieces.

use super::{Frames, MASK, append, opcode};

/// Returns a frame as a server sends it, without a mask.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut masked = Vec::new();
    append(first, payload, &mut masked);
    let header = masked.len() - payload.len() - MASK.len();
    let mut out = masked[..header].to_vec();
    out[1] &= 0x7f;
    out.extend_from_slice(payload);
    out
}

fn frames_and_payloads() -> (Vec<u8>, Vec<u8>) {
    let payloads = [vec![1; 3], Vec::new(), vec![2; 125], vec![3; 126], vec![4; 70_000]];
    let mut wire = Vec::new();
    for payload in &payloads {
        wire.extend(frame(opcode::BINARY, payload));
        wire.extend(frame(opcode::PING, b"are you there"));
    }
    (wire, payloads.concat())
}

#[test]
fn payloads_of_data_frames_are_extracted() {
    let (mut wire, expected) = frames_and_payloads();
    let mut frames = Frames::default();
    let count = frames.extract_payloads(&mut wire).unwrap();
    assert!(wire[..count] == expected);
    assert_eq!(frames.take_ping().unwrap(), b"are you there");
}

#[test]
fn frames_that_arrive_in_pieces_are_reassembled() {
    let (wire, expected) = frames_and_payloads();
    for step in [1, 2, 7, 1000] {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for piece in wire.chunks(step) {
            let mut piece = piece.to_vec();
            let count = frames.extract_payloads(&mut piece).unwrap();
            found.extend_from_slice(&piece[..count]);
        }
        assert!(found == expected, "{step}");
    }
}

#[test]
fn frames_after_a_close_frame_are_ignored() {
    let mut wire =
        [frame(opcode::BINARY, b"a"), frame(opcode::CLOSE, b""), frame(opcode::BINARY, b"b")].concat();
    let mut frames = Frames::default();
    assert_eq!(frames.extract_payloads(&mut wire).unwrap(), 1);
    assert!(frames.is_closed());
}

#[test]
fn unmasking_a_masked_payload_restores_it() {
    for len in [0, 1, 7, 8, 9, 31] {
        let payload: Vec<u8> = (0..len).collect();
        let mut wire = Vec::new();
        append(opcode::BINARY, &payload, &mut wire);
        let masked = &wire[6..];
        let plain: Vec<u8> = masked.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(plain, payload);
    }
}
