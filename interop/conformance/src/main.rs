//! `tidegate-conformance`: runs the suite and keeps the tables of `docs/conformance/`.

use std::process::ExitCode;

use clap::Parser;
use tidegate_conformance::{Arguments, run};

fn main() -> ExitCode {
    run(&Arguments::parse())
}
