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

/// Returns launch options with which strace writes the system calls of all broker threads to `file`. With `-D`, the
/// broker stays the direct child of the test. Because strace exits after the broker, the file is complete once the
/// broker's output is closed.
#[must_use]
pub fn trace_to(file: &Path) -> LaunchOptions {
    let trace = format!("trace={TRACED_CALLS}");
    let length = ARGUMENT_LENGTH_MAX.to_string();
    let options = ["-D", "-f", "-tt", "-v", "-y", "-xx", "-s", &length, "-e", &trace, "-o"];
    LaunchOptions::default().wrapped_in([toolbox::strace()]).wrapped_in(options).wrapped_in([file])
}

/// Reads a trace file. Returns its system calls in the order in which they returned.
#[must_use]
pub fn read(file: &Path) -> Vec<SystemCall> {
    parse_calls(&fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// Parses the text of a trace into system calls, in the order in which they returned. strace splits a call into two
/// lines if a call of another thread starts or returns meanwhile; this function joins the two lines.
fn parse_calls(text: &str) -> Vec<SystemCall> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, rest)) = split_thread(line) else { continue };
        if let Some(start) = rest.strip_suffix(UNFINISHED_SUFFIX) {
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

/// Splits a trace line into the thread id and the system call. Drops the time of day between them.
fn split_thread(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.trim_start().split_once(' ')?;
    let (_, rest) = rest.trim_start().split_once(' ')?;
    Some((thread, rest.trim_start()))
}

/// The system calls that strace records: `openat`, and all calls that read, write or sync files and sockets.
const TRACED_CALLS: &str = "openat,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,\
                      fsync,fdatasync,msync,sync_file_range";
/// The number of bytes of an argument that strace prints. No system call of the broker passes more.
const ARGUMENT_LENGTH_MAX: usize = 1 << 24;
const UNFINISHED_SUFFIX: &str = " <unfinished ...>";
