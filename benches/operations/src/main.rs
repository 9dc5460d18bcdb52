//! Runs every case under a profiler. The profiler counts the work between the call of `measured` and the call of
//! `conclude`. For each case, the binary prints a line with the number of operations and the name.
#![allow(clippy::print_stdout, reason = "a tool for the command line")]

use tidegate_operations::Case;

fn main() {
    for set_up in tidegate_operations::case_setups() {
        let mut case = set_up();
        let calls = (OPERATIONS_PER_CASE / case.operations_per_call).max(1);
        // The first call is not counted, because it allocates memory that later calls reuse.
        (case.run)();
        measured(&mut *case.run, calls);
        conclude(&case, calls);
    }
}

/// Runs the operations of a case. The profiler counts everything that happens in this function.
#[inline(never)]
fn measured(run: &mut dyn FnMut(), calls: u32) {
    for _ in 0..calls {
        run();
    }
}

#[inline(never)]
fn conclude(case: &Case, calls: u32) {
    println!("{} {}", calls * case.operations_per_call, case.name);
}

/// Number of measured operations per case. A case that performs more operations in one call is called once.
const OPERATIONS_PER_CASE: u32 = 1280;
