//! Tests that read the figures of the test's own process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::MonitoredProcess;

const OWN: MonitoredProcess = MonitoredProcess::Own;

/// Runs a busy thread called `name` until `check` returns true, for at most 20 s. Returns whether `check` returned true
/// within that time.
fn becomes_true(name: &str, check: impl Fn() -> bool) -> bool {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let spin = || {
            while !stop.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, spin).unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        let mut check_passed = false;
        while !check_passed && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
            check_passed = check();
        }
        stop.store(true, Ordering::Relaxed);
        check_passed
    })
}

#[test]
fn processor_time_grows_while_a_thread_is_busy() {
    let before = OWN.processor_time().unwrap();
    let grows = || OWN.processor_time().unwrap().since(&before).user >= Duration::from_millis(10);
    assert!(becomes_true("busy", grows));
}

#[test]
fn a_thread_is_found_by_a_name_with_parentheses() {
    let name = "a) 1 2 (b";
    assert_eq!(OWN.thread_time(name).unwrap(), None);
    assert!(becomes_true(name, || OWN.thread_time(name).unwrap() >= Some(Duration::from_millis(10))));
}

#[test]
fn a_process_is_found_by_its_id() {
    let process = MonitoredProcess::Id(std::process::id());
    assert!(process.resident_kib().unwrap() > 100);
    assert!(process.written_bytes().is_ok());
}

#[test]
fn an_unknown_process_is_an_error() {
    // The two tested ids are above the largest process id that Linux assigns.
    for id in [u32::MAX, 4_194_305] {
        assert!(MonitoredProcess::Id(id).processor_time().is_err(), "{id}");
    }
}
