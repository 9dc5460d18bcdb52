//! Runs the broker under strace and parses the trace into system calls.

mod call;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

pub use call::SystemCall;

use crate::launch_options::LaunchOptions;
use crate::toolbox;

/// Launch options that write the system calls of all broker threads to `file`. With `-D` the broker stays the direct child of
/// the test. strace exits after the broker, so the file is complete once the broker's output is closed.
#[must_use]
pub fn trace_to(file: &Path) -> LaunchOptions {
    let trace = format!("trace={TRACED_CALLS}");
    let length = ARGUMENT_LENGTH_MAX.to_string();
    let options = ["-D", "-f", "-tt", "-v", "-y", "-xx", "-s", &length, "-e", &trace, "-o"];
    LaunchOptions::default().wrapped_in([toolbox::strace()]).wrapped_in(options).wrapped_in([file])
}

/// Reads a trace file.
#[must_use]
pub fn read(file: &Path) -> Vec<SystemCall> {
    calls(&fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// The calls in the order in which they returned. strace splits a call into two lines when another thread's call comes in
/// between; this joins them.
fn calls(text: &str) -> Vec<SystemCall> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, rest)) = split_thread(line) else { continue };
        if let Some(start) = rest.strip_suffix(UNFINISHED) {
            unfinished.insert(thread, (number, start));
        } else if let Some(end) = rest.strip_prefix("<... ") {
            let Some((start_line, start)) = unfinished.remove(thread) else { continue };
            let (_, end) = end
                .split_once(" resumed>")
                .unwrap_or_else(|| panic!("cannot parse this strace line: {line}"));
            calls.extend(SystemCall::parse(&format!("{start}{end}"), start_line, number));
        } else if !rest.starts_with("+++ ") && !rest.starts_with("--- ") {
            calls.extend(SystemCall::parse(rest, number, number));
        }
    }
    assert!(!calls.is_empty(), "strace recorded no calls: {text}");
    calls
}

/// Returns the thread id and the call; drops the time between them.
fn split_thread(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.trim_start().split_once(' ')?;
    let (_, rest) = rest.trim_start().split_once(' ')?;
    Some((thread, rest.trim_start()))
}

/// The traced calls: all that read, write or sync files and sockets, and `openat`.
const TRACED_CALLS: &str = "openat,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,\
                      fsync,fdatasync,msync,sync_file_range";
/// How many bytes of an argument strace prints; more than any call passes.
const ARGUMENT_LENGTH_MAX: usize = 1 << 24;
const UNFINISHED: &str = " <unfinished ...>";
