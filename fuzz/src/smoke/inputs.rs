//! The number and the kind of the inputs of each target. The random numbers determine everything.

use tidegate_mqtt::{Packet, ProtocolVersion, Publish};

use super::mutate;
use super::run::Options;
use crate::random::Random;
use crate::sample;
use crate::source::Source;

/// The number of inputs for `target`: its share of the inputs of bytes, or the number of sequences of operations.
pub(super) fn count(target: &str, options: &Options) -> u64 {
    match target {
        "decode" => options.inputs * 85 / 100,
        "roundtrip" | "stream" | "topics" => options.inputs / 20,
        _ => options.sequences,
    }
}

/// Calls `give` with `count` inputs for `target`.
pub(super) fn each(target: &str, count: u64, random: &mut Random, give: &mut dyn FnMut(&[u8])) {
    let mut left = count;
    let mut give = |input: &[u8]| {
        if left > 0 {
            left -= 1;
            give(input);
        }
        left > 0
    };
    let mut continues = count > 0;
    if target == "decode" {
        edges(&mut |input| continues = give(input));
    }
    while continues {
        round(target, random, &mut |input| continues = give(input));
    }
}

/// Some inputs for `target` with which a coverage-guided fuzzer can start.
pub(super) fn seeds(target: &str, random: &mut Random) -> Vec<Vec<u8>> {
    let one = |random: &mut Random| {
        let mut first = None;
        round(target, random, &mut |input| first = first.take().or_else(|| Some(input.to_vec())));
        first.unwrap_or_default()
    };
    (0..SEEDS).map(|_| one(random)).collect()
}

/// The hash of a name.
pub(super) fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    name.bytes().fold(0xCBF2_9CE4_8422_2325, step)
}

/// Makes some inputs for `target`.
fn round(target: &str, random: &mut Random, give: &mut dyn FnMut(&[u8])) {
    match target {
        "decode" => decode_round(random, give),
        "stream" => stream_round(random, give),
        "topics" => topics_round(random, give),
        _ => sequence_round(random, give),
    }
}

/// Two packets, and their mutations.
fn decode_round(random: &mut Random, give: &mut dyn FnMut(&[u8])) {
    let (one, other) = (packet(random), packet(random));
    give(&one);
    mutate::truncations(&one, give);
    mutate::short_packets(&one, give);
    mutate::bit_flips(&one, give);
    let rounds = 4 * one.len().min(200);
    for _ in 0..rounds {
        give(&mutate::splice(&one, &other, random));
        give(&mutate::scramble(&one, random));
    }
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        random_bytes(random, &mut bytes);
        give(&bytes);
    }
}

/// PUBLISH packets with the largest and the smallest length of each size of the length field.
fn edges(give: &mut dyn FnMut(&[u8])) {
    for length in [127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
        for version in ProtocolVersion::ALL {
            let header_size = if version.is_v5() { 4 } else { 3 };
            let mut wire = Vec::new();
            let publish = Publish::new("a", vec![b'.'; length - header_size]);
            Packet::from(publish).encode(version, &mut wire).expect("a PUBLISH");
            give(&wire);
        }
    }
}

fn stream_round(random: &mut Random, give: &mut dyn FnMut(&[u8])) {
    let mut bytes = Vec::new();
    random.fill(4, &mut bytes);
    for _ in 0..=random.below(4) {
        let next = packet(random);
        match random.below(8) {
            0 => bytes.extend_from_slice(&mutate::scramble(&next, random)),
            1 => bytes.extend_from_slice(&next[..random.below(next.len())]),
            _ => bytes.extend_from_slice(&next),
        }
    }
    give(&bytes);
}

fn topics_round(random: &mut Random, give: &mut dyn FnMut(&[u8])) {
    let mut bytes = Vec::new();
    let size = 8 + random.below(56);
    random.fill(size, &mut bytes);
    give(&bytes);
}

fn sequence_round(random: &mut Random, give: &mut dyn FnMut(&[u8])) {
    let mut bytes = Vec::new();
    let size = 16 << random.below(6);
    random.fill(size, &mut bytes);
    give(&bytes);
}

fn packet(random: &mut Random) -> Vec<u8> {
    let version = ProtocolVersion::ALL[random.below(3)];
    let mut choices = Vec::new();
    random.fill(256, &mut choices);
    sample::wire(&mut Source::new(&choices), version)
}

/// Random bytes. In half of the cases, the length field is correct.
fn random_bytes(random: &mut Random, bytes: &mut Vec<u8>) {
    let size = 2 + random.below(48);
    random.fill(size, bytes);
    if random.below(2) == 0 {
        bytes[1] = (size - 2) as u8;
    }
}

const SEEDS: usize = 200;
