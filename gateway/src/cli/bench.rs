//! `tidegate bench`: becomes the load generator, which is a program of its own.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::Failure;

/// Everything after `bench`, `--help` too.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// What `tidegate-bench` is to do; `--help` lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<OsString>,
}

/// Becomes `tidegate-bench`: the one beside this program, or else the one on the PATH.
///
/// # Errors
/// When there is none, or it cannot be run.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let sibling = env::current_exe().map(|own| own.with_file_name(PROGRAM)).ok();
    let program = sibling.clone().filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(PROGRAM));
    // Comes back only when it fails.
    let error = Command::new(&program).args(arguments.arguments).exec();
    let place = sibling.map_or_else(String::new, |path| format!("there is no {} and ", path.display()));
    Err(Failure::Usage(match error.kind() {
        io::ErrorKind::NotFound => format!("error: {place}no {PROGRAM} on the PATH"),
        _ => format!("error: {} cannot be run: {error}", program.display()),
    }))
}

const PROGRAM: &str = "tidegate-bench";
