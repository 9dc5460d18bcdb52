//! The command line: which commands there are, and how they end.

mod bench;
mod check;
mod connection;
mod exit;
mod properties;
mod publish;
mod restore;
mod run;
mod schema;
mod serve;
mod snapshot;
mod store;
mod subscribe;
mod value;
mod will;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::Failure;

/// A multi-transport MQTT broker, and clients for it.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, about, after_help = exit::CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the broker
    Serve(serve::Arguments),
    /// Check a configuration file and the certificates it names
    Check(check::Arguments),
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Copy the store of a broker, which may run, to a file
    ///
    /// The file holds one state: everything that was acknowledged before the command began, and nothing by halves.
    Snapshot(snapshot::Arguments),
    /// Make the store of a broker, which must not run, from a snapshot
    Restore(restore::Arguments),
    /// Look into the store of a broker, or into a snapshot
    Store(store::Arguments),
    /// Publish messages
    Pub(Box<publish::Arguments>),
    /// Subscribe and print messages
    Sub(Box<subscribe::Arguments>),
    /// Measure a broker: runs tidegate-bench with the arguments given
    Bench(bench::Arguments),
}

/// Runs the command that this process was called with.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Schema => schema::run(),
        Command::Snapshot(arguments) => snapshot::run(arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Store(arguments) => store::run(&arguments),
        Command::Pub(arguments) => publish::run(*arguments),
        Command::Sub(arguments) => subscribe::run(*arguments),
        Command::Bench(arguments) => bench::run(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests;
