#![allow(clippy::panic)]

use std::cell::Cell;
use std::time::{Duration, Instant};

use tracing::Level;

use super::{KINDS_MAX, Kind, LINES_MAX, Limiter, Suppressed, WINDOW};

const KIND: Kind = Kind(1);

#[test]
fn lines_of_a_kind_above_the_limit_are_counted_until_the_window_ends() {
    let start = Instant::now();
    let mut limiter = Limiter::default();
    assert_eq!(count_admitted(&mut limiter, KIND, 1000, start), LINES_MAX);
    let end = start + WINDOW;
    assert_eq!(limiter.next_report(), Some(end));
    assert_eq!(limiter.take_report(end - Duration::from_millis(1)), [], "the window is not over");
    assert_eq!(limiter.take_report(end), [suppressed(1000 - u64::from(LINES_MAX))]);
    assert_eq!(limiter.take_report(end), [], "reported once");
    assert_eq!(limiter.next_report(), None);
}

#[test]
fn a_new_window_admits_lines_again() {
    let start = Instant::now();
    let mut limiter = Limiter::default();
    let _ = count_admitted(&mut limiter, KIND, LINES_MAX, start);
    assert_eq!(limiter.take_report(start + WINDOW), [], "nothing was suppressed");
    assert_eq!(count_admitted(&mut limiter, KIND, 1000, start + WINDOW), LINES_MAX);
}

/// If standard error is not read, the writer takes reports only after several windows have ended.
#[test]
fn suppressed_lines_of_several_windows_are_reported_together() {
    let start = Instant::now();
    let mut limiter = Limiter::default();
    let _ = count_admitted(&mut limiter, KIND, LINES_MAX + 3, start);
    assert_eq!(count_admitted(&mut limiter, KIND, LINES_MAX + 4, start + WINDOW), LINES_MAX);
    assert_eq!(limiter.take_report(start + WINDOW * 2), [suppressed(7)]);
}

#[test]
fn each_kind_has_its_own_limit() {
    let start = Instant::now();
    let mut limiter = Limiter::default();
    assert_eq!(count_admitted(&mut limiter, KIND, 1000, start), LINES_MAX);
    assert_eq!(count_admitted(&mut limiter, Kind(2), 1000, start), LINES_MAX);
}

#[test]
fn the_number_of_kinds_is_bounded() {
    let start = Instant::now();
    let mut limiter = Limiter::default();
    let beyond = (1..10_000).map(Kind).filter(|kind| limiter.admit(*kind, start, || suppressed(0))).count();
    assert_eq!(limiter.windows.len(), KINDS_MAX + 1, "one more window for all other kinds together");
    assert_eq!(u32::try_from(beyond), Ok(u32::try_from(KINDS_MAX).unwrap_or_default() + LINES_MAX));
    assert_eq!(limiter.take_report(start + WINDOW).len(), 1);
    assert_eq!(limiter.windows.len(), 0, "windows that are over use no memory");
}

#[test]
fn only_the_first_suppressed_line_of_a_window_is_described() {
    let start = Instant::now();
    let mut limiter = Limiter::default();
    let described = Cell::new(0);
    for _ in 0..1000 {
        let _ = limiter.admit(KIND, start, || {
            described.set(described.get() + 1);
            suppressed(0)
        });
    }
    assert_eq!(described.get(), 1);
}

fn count_admitted(limiter: &mut Limiter, kind: Kind, lines: u32, now: Instant) -> u32 {
    (0..lines).map(|_| u32::from(limiter.admit(kind, now, || suppressed(0)))).sum()
}

fn suppressed(lines: u64) -> Suppressed {
    Suppressed { level: Level::WARN, lines, example: "handshake failed".to_owned() }
}
