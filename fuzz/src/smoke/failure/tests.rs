//! Tests that planted faults are found and distinguished, and that their inputs are reduced.

use super::Catcher;
use crate::random::Random;
use crate::target::Target;

#[test]
fn the_catcher_finds_planted_faults_and_reduces_their_inputs() {
    let mut catcher = Catcher::new(Target { name: "planted", run: target_with_faults });
    let mut random = Random::new(1);
    let mut input = Vec::new();
    for _ in 0..20_000 {
        random.fill(40, &mut input);
        let passed = catcher.run(&input);
        assert_eq!(passed, !causes_first_fault(&input) && !causes_second_fault(&input));
    }
    let failures = catcher.finish();
    let inputs: Vec<_> = failures.iter().map(|failure| failure.input.as_slice()).collect();
    assert_eq!(inputs, [&[0x10, 0xAB][..], &[0, 0, 0xEE]], "{failures:?}");
    assert!(failures.iter().all(|failure| failure.count > 10), "{failures:?}");
}

fn target_with_faults(input: &[u8]) {
    assert!(!causes_first_fault(input), "the first fault");
    assert!(!causes_second_fault(input), "the second fault");
}

fn causes_first_fault(input: &[u8]) -> bool {
    input.windows(2).any(|pair| pair == [0x10, 0xAB])
}

fn causes_second_fault(input: &[u8]) -> bool {
    input.get(2) == Some(&0xEE)
}
