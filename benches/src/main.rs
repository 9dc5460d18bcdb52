//! The binary of the load generator.

use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod commands;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match commands::run(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(faults) => {
            print_error(&format!("the run had {faults} faults; the report lists them by kind"));
            ExitCode::from(1)
        }
        Err(error) => {
            print_error(&error.to_string());
            ExitCode::from(2)
        }
    }
}

/// Prints an error to standard error. A failure of this write is ignored.
fn print_error(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "tidegate-bench: {text}");
}
