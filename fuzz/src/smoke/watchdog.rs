//! Ends the process if one input takes too long, and prints the input. The watchdog runs on its own thread, because an
//! endless loop cannot be stopped from within the looping thread.
#![allow(clippy::print_stderr)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Watches how long the current input has been running.
pub(super) struct Watchdog {
    current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Current {
    target: &'static str,
    input: Vec<u8>,
    started: Option<Instant>,
}

impl Watchdog {
    /// Starts the thread that watches until the process ends.
    pub(super) fn start(time_max: Duration) -> Self {
        let current = Arc::<Mutex<Current>>::default();
        let watched = Arc::clone(&current);
        thread::spawn(move || {
            loop {
                thread::sleep(CHECK_INTERVAL);
                lock(&watched).check(time_max);
            }
        });
        Self { current }
    }

    pub(super) fn begin_input(&self, target: &'static str, input: &[u8]) {
        let mut current = lock(&self.current);
        current.target = target;
        current.input.clear();
        current.input.shrink_to(KEPT_CAPACITY_MAX);
        current.input.extend_from_slice(input);
        current.started = Some(Instant::now());
    }

    pub(super) fn end_input(&self) {
        lock(&self.current).started = None;
    }
}

impl Current {
    fn check(&self, time_max: Duration) {
        if self.started.is_some_and(|started| started.elapsed() > time_max) {
            let input: String = self.input.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("target {} takes longer than {time_max:?}\n  input: {input}", self.target);
            std::process::exit(2);
        }
    }
}

fn lock(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum capacity of the buffer that is kept for the next input, in bytes.
const KEPT_CAPACITY_MAX: usize = 1 << 16;
