//! `tidegate bench`: replaces this process with the load generator, which is a separate program.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::Failure;

/// The arguments of `bench`: everything after the word `bench`, including `--help`.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// Arguments for `tidegate-bench`; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<OsString>,
}

/// Replaces this process with `tidegate-bench`: the one in this program's folder, otherwise the one on the PATH.
///
/// # Errors
/// When `tidegate-bench` is not found or cannot be run.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let sibling = env::current_exe().map(|own| own.with_file_name(PROGRAM)).ok();
    let program = sibling.clone().filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(PROGRAM));
    // `exec` returns only if it fails.
    let error = Command::new(&program).args(arguments.arguments).exec();
    let place = sibling.map_or_else(String::new, |path| format!(" at {} or", path.display()));
    Err(Failure::Usage(match error.kind() {
        io::ErrorKind::NotFound => format!("error: cannot find {PROGRAM}{place} on the PATH"),
        _ => format!("error: cannot run {}: {error}", program.display()),
    }))
}

const PROGRAM: &str = "tidegate-bench";
