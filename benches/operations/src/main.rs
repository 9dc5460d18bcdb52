//! Runs every case, for a profiler that counts instructions from the call of `measured` to that of `conclude`; says which
//! cases they were: operations run and name, one a line.
#![allow(clippy::print_stdout, reason = "a tool for the command line")]

use tidegate_operations::Case;

fn main() {
    for make in tidegate_operations::all() {
        let mut case = make();
        let calls = (OPERATIONS / case.each).max(1);
        // The first call makes room; what follows uses it.
        (case.run)();
        measured(&mut *case.run, calls);
        conclude(&case, calls);
    }
}

/// What is counted.
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

/// Operations a case, at least one call.
const OPERATIONS: u32 = 1280;
