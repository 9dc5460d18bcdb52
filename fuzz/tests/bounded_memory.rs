//! Tests that the number of received bytes bounds the memory that a decoder allocates, whatever lengths a packet
//! claims.
#![allow(clippy::expect_used, clippy::as_conversions)]

use tidegate_fuzz::decode;
use tidegate_fuzz::memory::{self, CountingAllocator};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[test]
fn the_memory_of_a_decoder_is_bounded_by_the_number_of_received_bytes() {
    for claim in PACKETS_WITH_FALSE_LENGTHS {
        let peak = memory::peak_bytes(|| decode::decode_only(claim));
        assert!(peak <= 1024, "{peak} bytes for {claim:02x?}");
    }
    let subscribe = packet(0x82, &[0, 1, 0], &[0, 1, b'a', 0]);
    let unsubscribe = packet(0xA2, &[0, 1, 0], &[0, 1, b'+']);
    let suback = packet(0x90, &[0, 1, 0], &[0]);
    let mut properties = vec![0, 1, b'a'];
    properties.extend([0xA0, 0x9C, 0x01]);
    let publish = packet(0x30, &properties, &[0x26, 0, 0, 0, 0]);
    for (name, wire) in
        [("SUBSCRIBE", subscribe), ("UNSUBSCRIBE", unsubscribe), ("SUBACK", suback), ("PUBLISH", publish)]
    {
        let before = memory::live_bytes();
        let peak = memory::peak_bytes(|| decode::decode_only(&wire));
        assert!(peak > 0, "{name} is not counted");
        assert!(peak <= 64 * wire.len(), "{name}: {peak} bytes for {}", wire.len());
        assert_eq!(memory::live_bytes(), before, "{name}: bytes not freed");
    }
}

/// Packets that claim a length but do not have the bytes: the length of the packet, of properties, of texts, or of
/// binary data.
const PACKETS_WITH_FALSE_LENGTHS: [&[u8]; 5] = [
    &[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, b'a'],
    &[0x30, 0x08, 0, 1, b'a', 0xFF, 0xFF, 0xFF, 0x7F, 0x26],
    &[0x30, 0x02, 0xFF, 0xFF],
    &[0x82, 0x07, 0, 1, 0, 0xFF, 0xFF, b'a', b'b'],
    &[0x10, 0x0D, 0, 4, b'M', b'Q', b'T', b'T', 5, 0xC2, 0, 0, 0, 0xFF, 0xFF],
];

/// Returns a packet of about 20,000 bytes: `head`, followed by repetitions of `part`.
fn packet(first: u8, head: &[u8], part: &[u8]) -> Vec<u8> {
    let mut body = head.to_vec();
    (0..20_000 / part.len()).for_each(|_| body.extend_from_slice(part));
    let size = body.len();
    assert!(size >> 14 > 0, "a length of three bytes");
    let length = [size as u8 & 0x7F | 0x80, (size >> 7) as u8 & 0x7F | 0x80, (size >> 14) as u8];
    [&[first], length.as_slice(), &body].concat()
}
