//! The output lines of a process. A thread collects the lines, so that a test can wait for a line.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// All lines that a process has written to its standard output or standard error until now.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<SharedState>);

#[derive(Debug, Default)]
struct SharedState {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    is_closed: bool,
    is_paused: bool,
}

impl Log {
    /// Starts a thread that collects `output` until it is closed.
    pub fn collect(output: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let reading = writer.0.changed.wait_while(writer.state(), |state| state.is_paused);
                reading.expect("no writer panics").lines.push(String::from_utf8_lossy(&line).into_owned());
                writer.0.changed.notify_all();
            }
            writer.state().is_closed = true;
            writer.0.changed.notify_all();
        });
        log
    }

    /// Stops reading the output. The pipe then fills up and the process cannot write any more lines.
    pub fn pause(&self) {
        self.state().is_paused = true;
    }

    /// Continues to read the output after [`Log::pause`].
    pub fn resume(&self) {
        self.state().is_paused = false;
        self.0.changed.notify_all();
    }

    /// Returns the first line that `wanted` accepts, waiting for it if necessary.
    ///
    /// # Errors
    /// Returns everything written until now if the deadline passes or the output is closed without such a line.
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool, deadline: Duration) -> Result<String, String> {
        let found = |state: &State| state.lines.iter().find(|line| wanted(line)).cloned();
        let state = self.wait_until(|state| state.is_closed || found(state).is_some(), deadline);
        found(&state).ok_or_else(|| state.lines.join("\n"))
    }

    /// Waits until the output is closed and returns all its lines.
    ///
    /// # Errors
    /// Returns everything written until now if the deadline passes before the output is closed.
    pub fn wait_until_closed(&self, deadline: Duration) -> Result<Vec<String>, String> {
        let state = self.wait_until(|state| state.is_closed, deadline);
        if state.is_closed { Ok(state.lines.clone()) } else { Err(state.lines.join("\n")) }
    }

    /// Returns all lines written until now, joined by line breaks.
    #[must_use]
    pub fn text(&self) -> String {
        self.state().lines.join("\n")
    }

    fn wait_until(&self, done: impl Fn(&State) -> bool, deadline: Duration) -> MutexGuard<'_, State> {
        let end = Instant::now() + deadline;
        let mut state = self.state();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if done(&state) || left.is_zero() {
                return state;
            }
            (state, _) = self.0.changed.wait_timeout(state, left).expect("no writer panics");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no writer panics")
    }
}
