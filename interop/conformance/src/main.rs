//! The program `tidegate-conformance`: runs the suite, and writes or checks the tables in `docs/conformance/`.

use std::process::ExitCode;

use clap::Parser;
use tidegate_conformance::{Arguments, run};

fn main() -> ExitCode {
    run(&Arguments::parse())
}
