//! The payloads to publish: from the command line, a file, or standard input.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use tokio::fs;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin, stdin};
use tokio::time::{Instant, sleep_until};

use crate::cli::{Failure, value};

/// The arguments that select the payload.
#[derive(Debug, Args)]
#[command(next_help_heading = "Payload (exactly one source)")]
pub struct PayloadArguments {
    #[command(flatten)]
    choice: PayloadChoice,
    /// Publish the message this many times
    #[arg(long, value_name = "NUMBER", default_value = "1", conflicts_with = "stdin_line")]
    repeat: u64,
    /// Time between repetitions, in seconds or with a unit
    #[arg(long, value_name = "TIME", value_parser = value::parse_seconds, default_value = "0", requires = "repeat")]
    repeat_delay: u32,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PayloadChoice {
    /// Text to publish
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    message: Option<String>,
    /// Publish the content of this file
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Publish standard input as one message
    #[arg(long, short, visible_alias = "stdin-file")]
    stdin: bool,
    /// Publish each line of standard input as a message
    #[arg(long, short = 'l')]
    stdin_line: bool,
    /// Publish an empty message; with --retain this deletes the retained message
    #[arg(long, short, visible_alias = "null-message")]
    null: bool,
}

/// Yields the payloads to publish.
pub enum PayloadSource {
    /// One payload, which is published a number of times.
    Repeated {
        /// The payload.
        payload: Bytes,
        /// How many more times the payload is to be published.
        remaining: u64,
        /// The time between two publications.
        delay: Duration,
        /// When the next publication is due.
        next_at: Instant,
    },
    /// The lines of standard input.
    Lines {
        /// Standard input.
        input: BufReader<Stdin>,
        /// The line being read.
        line: Vec<u8>,
    },
}

impl PayloadSource {
    /// Opens the source. If the payload comes from a file, or is standard input as one message, reads all of it.
    pub async fn open(arguments: &PayloadArguments) -> Result<Self, Failure> {
        let choice = &arguments.choice;
        let payload = if let Some(message) = &choice.message {
            Bytes::from(message.clone())
        } else if let Some(file) = &choice.file {
            let unreadable =
                |error| Failure::Usage(format!("error: cannot read {}: {error}", file.display()));
            Bytes::from(fs::read(file).await.map_err(unreadable)?)
        } else if choice.stdin {
            let mut all = Vec::new();
            stdin().read_to_end(&mut all).await?;
            Bytes::from(all)
        } else if choice.stdin_line {
            return Ok(Self::Lines { input: BufReader::new(stdin()), line: Vec::new() });
        } else {
            Bytes::new()
        };
        let delay = Duration::from_secs(u64::from(arguments.repeat_delay));
        Ok(Self::Repeated { payload, remaining: arguments.repeat, delay, next_at: Instant::now() })
    }

    /// Returns the next payload; `None` after the last. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Repeated { remaining: 0, .. } => Ok(None),
            Self::Repeated { payload, remaining, delay, next_at } => {
                if !delay.is_zero() {
                    sleep_until(*next_at).await;
                    *next_at += *delay;
                }
                *remaining -= 1;
                Ok(Some(payload.clone()))
            }
            Self::Lines { input, line } => {
                let size = input.read_until(b'\n', line).await?;
                if size == 0 && line.is_empty() {
                    return Ok(None);
                }
                Ok(Some(without_line_end(std::mem::take(line))))
            }
        }
    }
}

fn without_line_end(mut line: Vec<u8>) -> Bytes {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Bytes::from(line)
}

#[cfg(test)]
mod tests;
