//! Runs every case under `measured`, for a profiler that counts the instructions of that one function, and says which they
//! are: operations run and name, one a line.
#![allow(clippy::print_stdout, reason = "a tool for the command line")]

fn main() {
    for make in tidegate_operations::all() {
        let mut case = make();
        let calls = (OPERATIONS / case.each).max(1);
        // The first call makes room; what follows uses it.
        (case.run)();
        measured(&mut *case.run, calls);
        println!("{} {}", calls * case.each, case.name);
    }
}

/// What is counted.
#[inline(never)]
fn measured(run: &mut dyn FnMut(), calls: u32) {
    for _ in 0..calls {
        run();
    }
}

/// Operations a case, at least one call.
const OPERATIONS: u32 = 1280;
