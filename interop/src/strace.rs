//! The system calls of the broker, as strace writes them down: how to have it do so, and its lines as calls.

mod call;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

pub use call::SystemCall;

use crate::launch_options::LaunchOptions;
use crate::toolbox;

/// Has the calls of the broker and its threads written to `file`. The broker stays the child of whoever starts it, and strace
/// ends after it: once the broker's output has ended, the file is whole.
#[must_use]
pub fn trace_to(file: &Path) -> LaunchOptions {
    let trace = format!("trace={TRACED_CALLS}");
    let length = ARGUMENT_LENGTH_MAX.to_string();
    let options = ["-D", "-f", "-tt", "-v", "-y", "-xx", "-s", &length, "-e", &trace, "-o"];
    LaunchOptions::default().wrapped_in([toolbox::strace()]).wrapped_in(options).wrapped_in([file])
}

/// Reads what was written.
#[must_use]
pub fn read(file: &Path) -> Vec<SystemCall> {
    calls(&fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// The calls, in the order in which they returned. strace cuts a call in two where another thread's came in between.
fn calls(text: &str) -> Vec<SystemCall> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let Some((thread, rest)) = split_thread(line) else { continue };
        if let Some(begin) = rest.strip_suffix(UNFINISHED) {
            unfinished.insert(thread, (number, begin));
        } else if let Some(end) = rest.strip_prefix("<... ") {
            let Some((start_line, begin)) = unfinished.remove(thread) else { continue };
            let (_, end) = end.split_once(" resumed>").unwrap_or_else(|| panic!("not understood: {line}"));
            calls.extend(SystemCall::parse(&format!("{begin}{end}"), start_line, number));
        } else if !rest.starts_with("+++ ") && !rest.starts_with("--- ") {
            calls.extend(SystemCall::parse(rest, number, number));
        }
    }
    assert!(!calls.is_empty(), "strace wrote down nothing: {text}");
    calls
}

/// Cuts the thread and the time off.
fn split_thread(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.trim_start().split_once(' ')?;
    let (_, rest) = rest.trim_start().split_once(' ')?;
    Some((thread, rest.trim_start()))
}

/// All that move bytes of files and sockets, or sync them.
const TRACED_CALLS: &str = "openat,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,pwritev2,\
                      fsync,fdatasync,msync,sync_file_range";
/// Bytes of an argument that are written down; more than any call has.
const ARGUMENT_LENGTH_MAX: usize = 1 << 24;
const UNFINISHED: &str = " <unfinished ...>";
