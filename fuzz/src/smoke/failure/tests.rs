//! Planted faults are found and distinguished, and their inputs are reduced.

use super::Catcher;
use crate::random::Random;
use crate::target::Target;

#[test]
fn finds_planted_faults_and_reduces_their_inputs() {
    let mut catcher = Catcher::new(Target { name: "planted", run: planted });
    let mut random = Random::new(1);
    let mut input = Vec::new();
    for _ in 0..20_000 {
        random.fill(40, &mut input);
        let passed = catcher.run(&input);
        assert_eq!(passed, !has_first(&input) && !has_second(&input));
    }
    let failures = catcher.finish();
    let inputs: Vec<_> = failures.iter().map(|failure| failure.input.as_slice()).collect();
    assert_eq!(inputs, [&[0x10, 0xAB][..], &[0, 0, 0xEE]], "{failures:?}");
    assert!(failures.iter().all(|failure| failure.count > 10), "{failures:?}");
}

fn planted(input: &[u8]) {
    assert!(!has_first(input), "the first fault");
    assert!(!has_second(input), "the second fault");
}

fn has_first(input: &[u8]) -> bool {
    input.windows(2).any(|pair| pair == [0x10, 0xAB])
}

fn has_second(input: &[u8]) -> bool {
    input.get(2) == Some(&0xEE)
}
