//! The command line of the load tool.

use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod commands;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match commands::run(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(faults) => {
            print_error(&format!("{faults} faults in the delivery of messages"));
            ExitCode::from(1)
        }
        Err(error) => {
            print_error(&error.to_string());
            ExitCode::from(2)
        }
    }
}

/// Nothing can be done when even this cannot be written.
fn print_error(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "tidegate-bench: {text}");
}
