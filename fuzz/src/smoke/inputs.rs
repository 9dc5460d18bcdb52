//! Generates the inputs of each target. The random numbers determine all inputs.

use tidegate_mqtt::{Packet, ProtocolVersion, Publish};

use super::mutate;
use super::run::Options;
use crate::random::Random;
use crate::sample;
use crate::source::Source;

/// Returns the number of inputs for `target`.
pub(super) fn count(target: &str, options: &Options) -> u64 {
    match target {
        "decode" => options.inputs * 85 / 100,
        "roundtrip" | "stream" | "topics" => options.inputs / 20,
        _ => options.sequences,
    }
}

/// Calls `use_input` with `count` inputs for `target`.
pub(super) fn for_each_input(
    target: &str,
    count: u64,
    random: &mut Random,
    use_input: &mut dyn FnMut(&[u8]),
) {
    let mut left = count;
    let mut use_input = |input: &[u8]| {
        if left > 0 {
            left -= 1;
            use_input(input);
        }
        left > 0
    };
    let mut continues = count > 0;
    if target == "decode" {
        length_boundary_packets(&mut |input| continues = use_input(input));
    }
    while continues {
        generate_inputs(target, random, &mut |input| continues = use_input(input));
    }
}

/// Returns some inputs for `target` with which a coverage-guided fuzzer can start.
pub(super) fn seeds(target: &str, random: &mut Random) -> Vec<Vec<u8>> {
    let one = |random: &mut Random| {
        let mut first = None;
        generate_inputs(target, random, &mut |input| first = first.take().or_else(|| Some(input.to_vec())));
        first.unwrap_or_default()
    };
    (0..SEEDS_PER_TARGET).map(|_| one(random)).collect()
}

/// Returns the hash of a name.
pub(super) fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    name.bytes().fold(0xCBF2_9CE4_8422_2325, step)
}

/// Generates some inputs for `target`.
fn generate_inputs(target: &str, random: &mut Random, use_input: &mut dyn FnMut(&[u8])) {
    match target {
        "decode" => generate_decode_inputs(random, use_input),
        "stream" => generate_stream_inputs(random, use_input),
        "topics" => generate_topics_inputs(random, use_input),
        _ => generate_sequence_inputs(random, use_input),
    }
}

/// Generates two packets and mutations of them.
fn generate_decode_inputs(random: &mut Random, use_input: &mut dyn FnMut(&[u8])) {
    let (one, other) = (packet(random), packet(random));
    use_input(&one);
    mutate::truncations(&one, use_input);
    mutate::short_packets(&one, use_input);
    mutate::bit_flips(&one, use_input);
    let rounds = 4 * one.len().min(200);
    for _ in 0..rounds {
        use_input(&mutate::splice(&one, &other, random));
        use_input(&mutate::scramble(&one, random));
    }
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        random_bytes(random, &mut bytes);
        use_input(&bytes);
    }
}

/// Generates PUBLISH packets whose Remaining Length is the largest or the smallest of each encoded size.
fn length_boundary_packets(use_input: &mut dyn FnMut(&[u8])) {
    for length in [127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
        for version in ProtocolVersion::ALL {
            let header_size = if version.is_v5() { 4 } else { 3 };
            let mut wire = Vec::new();
            let publish = Publish::new("a", vec![b'.'; length - header_size]);
            Packet::from(publish).encode(version, &mut wire).expect("a PUBLISH");
            use_input(&wire);
        }
    }
}

fn generate_stream_inputs(random: &mut Random, use_input: &mut dyn FnMut(&[u8])) {
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
    use_input(&bytes);
}

fn generate_topics_inputs(random: &mut Random, use_input: &mut dyn FnMut(&[u8])) {
    let mut bytes = Vec::new();
    let size = 8 + random.below(56);
    random.fill(size, &mut bytes);
    use_input(&bytes);
}

fn generate_sequence_inputs(random: &mut Random, use_input: &mut dyn FnMut(&[u8])) {
    let mut bytes = Vec::new();
    let size = 16 << random.below(6);
    random.fill(size, &mut bytes);
    use_input(&bytes);
}

fn packet(random: &mut Random) -> Vec<u8> {
    let version = ProtocolVersion::ALL[random.below(3)];
    let mut choices = Vec::new();
    random.fill(256, &mut choices);
    sample::wire(&mut Source::new(&choices), version)
}

/// Fills `bytes` with random bytes. In half of the cases, the Remaining Length in the fixed header is correct.
fn random_bytes(random: &mut Random, bytes: &mut Vec<u8>) {
    let size = 2 + random.below(48);
    random.fill(size, bytes);
    if random.below(2) == 0 {
        bytes[1] = (size - 2) as u8;
    }
}

const SEEDS_PER_TARGET: usize = 200;
