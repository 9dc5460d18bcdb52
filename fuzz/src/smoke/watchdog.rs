//! Ends the process when one input takes too long, and says which. An endless loop cannot be stopped from inside.
#![allow(clippy::print_stderr)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Watches the input that is being run.
pub(super) struct Watchdog {
    current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Current {
    target: &'static str,
    input: Vec<u8>,
    began: Option<Instant>,
}

impl Watchdog {
    /// Watches from a thread of its own until the process ends.
    pub(super) fn start(longest: Duration) -> Self {
        let current = Arc::<Mutex<Current>>::default();
        let watched = Arc::clone(&current);
        thread::spawn(move || {
            loop {
                thread::sleep(PERIOD);
                lock(&watched).check(longest);
            }
        });
        Self { current }
    }

    pub(super) fn begin(&self, target: &'static str, input: &[u8]) {
        let mut current = lock(&self.current);
        current.target = target;
        current.input.clear();
        current.input.shrink_to(KEPT_MAX);
        current.input.extend_from_slice(input);
        current.began = Some(Instant::now());
    }

    pub(super) fn end(&self) {
        lock(&self.current).began = None;
    }
}

impl Current {
    fn check(&self, longest: Duration) {
        if self.began.is_some_and(|began| began.elapsed() > longest) {
            let input: String = self.input.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("target {} takes longer than {longest:?}\n  input: {input}", self.target);
            std::process::exit(2);
        }
    }
}

fn lock(current: &Mutex<Current>) -> MutexGuard<'_, Current> {
    current.lock().unwrap_or_else(PoisonError::into_inner)
}

const PERIOD: Duration = Duration::from_millis(100);

/// Bytes of buffer that are kept from one input to the next.
const KEPT_MAX: usize = 1 << 16;
