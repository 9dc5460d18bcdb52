//! Runs every input in `corpus/` through its target, so that earlier faults do not return.
// The test prints the name of each input before it runs the input, so that the last name identifies an input that
// fails.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::path::Path;

use tidegate_fuzz::{TARGETS, Target};

#[test]
fn every_input_of_the_corpus_passes_its_target() {
    let total: usize = TARGETS.iter().map(replay).sum();
    assert!(total > TARGETS.len(), "the corpus holds {total} inputs");
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target() {
    for entry in fs::read_dir(corpus()).expect("the corpus") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("a plain name");
        assert!(tidegate_fuzz::target(name).is_some(), "corpus/{name} has no target");
    }
}

/// Runs all inputs of a target. Returns the number of inputs.
fn replay(target: &Target) -> usize {
    let folder = corpus().join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("an entry").path();
        println!("{}", path.display());
        (target.run)(&fs::read(&path).expect("an input"));
        count += 1;
    }
    count
}

fn corpus() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"))
}
