//! Runs every case for a profiler, which counts from the call of `measured` to the call of `conclude`. Prints one line per case:
//! the number of operations, and the name.
#![allow(clippy::print_stdout, reason = "a tool for the command line")]

use tidegate_operations::Case;

fn main() {
    for make in tidegate_operations::all() {
        let mut case = make();
        let calls = (OPERATIONS / case.each).max(1);
        // The first call allocates memory that later calls reuse.
        (case.run)();
        measured(&mut *case.run, calls);
        conclude(&case, calls);
    }
}

/// Everything in here is counted.
#[inline(never)]
fn measured(run: &mut dyn FnMut(), calls: u32) {
    for _ in 0..calls {
        run();
    }
}

#[inline(never)]
fn conclude(case: &Case, calls: u32) {
    println!("{} {}", calls * case.each, case.name);
}

/// Operations per case. A case that performs more in one call is called once.
const OPERATIONS: u32 = 1280;
