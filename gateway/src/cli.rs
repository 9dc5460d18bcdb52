//! The command line: defines the commands, runs them, and sets the exit code.

mod bench;
mod check;
mod connection;
mod exit;
mod file_size_limit;
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

/// An MQTT broker for TCP, TLS, WebSocket, QUIC and Unix sockets, with command-line clients
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, after_help = exit::EXIT_CODES_HELP, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the broker
    Serve(serve::Arguments),
    /// Check a configuration file and the certificates it refers to
    Check(check::Arguments),
    /// Print a JSON Schema of the configuration file
    Schema(schema::Arguments),
    /// Copy a broker's store to a snapshot file; the broker may be running
    ///
    /// The snapshot is consistent. It contains everything that was acknowledged before the command started.
    Snapshot(snapshot::Arguments),
    /// Restore a broker's store from a snapshot; the broker must not be running
    Restore(restore::Arguments),
    /// Inspect a broker's store or a snapshot
    Store(store::Arguments),
    /// Publish messages
    Pub(Box<publish::Arguments>),
    /// Subscribe and print the messages received
    Sub(Box<subscribe::Arguments>),
    /// Measure an MQTT broker: runs tidegate-bench with these arguments
    Bench(bench::Arguments),
}

/// Runs the command given on the command line.
#[must_use]
pub fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    file_size_limit::handle_signal()?;
    match command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Snapshot(arguments) => snapshot::run(arguments),
        Command::Restore(arguments) => restore::run(&arguments),
        Command::Store(arguments) => store::run(&arguments),
        Command::Pub(arguments) => publish::run(*arguments),
        Command::Sub(arguments) => subscribe::run(*arguments),
        Command::Bench(arguments) => bench::run(arguments),
    }
}

#[cfg(test)]
mod tests;
