//! Makes mutations of valid packets.

use crate::random::Random;

/// Calls `use_input` with `packet` truncated to every length.
pub(super) fn truncations(packet: &[u8], use_input: &mut dyn FnMut(&[u8])) {
    for size in 0..packet.len() {
        use_input(&packet[..size]);
    }
}

/// Calls `use_input` with `packet` truncated to every length. The Remaining Length in the fixed header is corrected, so
/// that the content ends early.
pub(super) fn short_packets(packet: &[u8], use_input: &mut dyn FnMut(&[u8])) {
    for size in 2..packet.len().min(0x80) {
        let mut short = packet[..size].to_vec();
        short[1] = (size - 2) as u8;
        use_input(&short);
    }
}

/// Calls `use_input` with `packet` with one bit flipped, for each bit.
pub(super) fn bit_flips(packet: &[u8], use_input: &mut dyn FnMut(&[u8])) {
    let mut flipped = packet.to_vec();
    for index in 0..packet.len() {
        for bit in 0..8 {
            flipped[index] ^= 1 << bit;
            use_input(&flipped);
            flipped[index] ^= 1 << bit;
        }
    }
}

/// Joins the beginning of one packet and the end of another.
pub(super) fn splice(one: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut spliced = one[..random.below(one.len() + 1)].to_vec();
    spliced.extend_from_slice(&other[random.below(other.len() + 1)..]);
    fix_length(&mut spliced, random);
    spliced
}

/// Returns `packet` with a few bytes changed, removed, repeated or inserted.
pub(super) fn scramble(packet: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    for _ in 0..=random.below(4) {
        let index = random.below(bytes.len() + 1);
        let value = UNUSUAL_BYTES[random.below(UNUSUAL_BYTES.len())];
        match random.below(4) {
            0 => bytes.insert(index, value),
            1 if index < bytes.len() => drop(bytes.remove(index)),
            2 if index < bytes.len() => bytes.insert(index, bytes[index]),
            _ if index < bytes.len() => bytes[index] = value,
            _ => bytes.push(random.number() as u8),
        }
    }
    fix_length(&mut bytes, random);
    bytes
}

/// Corrects the Remaining Length in the fixed header in three of four cases.
fn fix_length(packet: &mut Vec<u8>, random: &mut Random) {
    if packet.len() < 2 || random.below(4) == 0 {
        return;
    }
    let size = packet.len() - 2;
    packet[1] = (size & 0x7F) as u8;
    if size > 0x7F {
        packet[1] |= 0x80;
        packet.insert(2, (size >> 7) as u8);
    }
}

const UNUSUAL_BYTES: [u8; 16] =
    [0, 1, 2, 4, 0x0B, 0x11, 0x1F, 0x23, 0x26, 0x7F, 0x80, 0x81, 0xBF, 0xC0, 0xEF, 0xFF];
