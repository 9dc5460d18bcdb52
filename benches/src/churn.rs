//! Connections that come and go: handshakes, CONNECT, CONNACK, DISCONNECT, and the broker's close.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::connection::{Blocking, Target};
use crate::error::LoadError;
use crate::histogram::{Histogram, Percentiles};
use crate::number::ratio;
use crate::process::Watched;
use crate::traffic::Mark;

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Threads, each with one connection at a time.
    pub workers: usize,
    /// Open loop: connections a second in all. None: as fast as the workers go.
    pub per_second: Option<u64>,
    /// Before the figures are taken.
    pub warmup: Duration,
    /// While they are taken.
    pub measured: Duration,
    /// The broker's process.
    pub broker: Option<Watched>,
}

/// The figures.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `churn`
    pub case: &'static str,
    /// The protocol.
    pub version: &'static str,
    /// The transport.
    pub transport: &'static str,
    /// Connections opened and closed while the figures were taken.
    pub connections: u64,
    /// That a second.
    pub per_second: f64,
    /// The broker's processor time for one, from its first byte to its close.
    pub micros_per_connection: Option<f64>,
    /// Processors the broker kept busy.
    pub processors: Option<f64>,
    /// Processors this tool kept busy.
    pub load_processors: f64,
    /// Connections whose TLS took up an earlier session. QUIC does not tell.
    pub resumed: u64,
    /// From when a connection was due (or begun) to CONNACK.
    pub connect_micros: Option<Percentiles>,
    /// From DISCONNECT to the broker's close.
    pub close_micros: Option<Percentiles>,
    /// Connections that the broker did not close after DISCONNECT.
    pub unclosed: u64,
    /// Connections that failed. Not zero fails the run.
    pub failed: u64,
    /// What the first of them failed with.
    pub failure: Option<String>,
}

/// Opens and closes. Each worker makes a target of its own, and with it a memory of TLS sessions of its own.
pub fn run(
    target: &(dyn Fn() -> Result<Target, LoadError> + Sync),
    scenario: &Scenario,
) -> Result<Report, LoadError> {
    let Target { version, transport, .. } = target()?;
    let field = &Field::new(scenario.per_second);
    let (from, to, tally) = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..scenario.workers).map(|worker| scope.spawn(move || work(field, target()?, worker))).collect();
        let measured = measure(field, scenario);
        field.phase.store(ENDING, Ordering::Relaxed);
        let mut tally = Tally::default();
        for worker in workers {
            tally.add(worker.join().map_err(|_| LoadError::Arguments("a worker panicked"))??);
        }
        let (from, to) = measured?;
        Ok::<_, LoadError>((from, to, tally))
    })?;
    let connections = to.sent - from.sent;
    Ok(Report {
        case: "churn",
        version: version.name(),
        transport: transport.name(),
        connections,
        per_second: to.per_second(&from, connections),
        micros_per_connection: to.micros_each(&from, connections),
        processors: to.processors(&from),
        load_processors: ratio(to.own.since(&from.own).total().as_secs_f64(), to.since(&from).as_secs_f64()),
        resumed: tally.resumed,
        connect_micros: tally.connect.percentiles(),
        close_micros: tally.close.percentiles(),
        unclosed: tally.unclosed,
        failed: tally.failed,
        failure: tally.failure,
    })
}

fn measure(field: &Field, scenario: &Scenario) -> Result<(Mark, Mark), LoadError> {
    std::thread::sleep(scenario.warmup);
    field.phase.store(MEASURING, Ordering::Relaxed);
    let from = Mark::take(scenario.broker, field.done.load(Ordering::Relaxed), 0)?;
    std::thread::sleep(scenario.measured);
    let to = Mark::take(scenario.broker, field.done.load(Ordering::Relaxed), 0)?;
    Ok((from, to))
}

/// What the workers share.
struct Field {
    began: Instant,
    per_second: Option<u64>,
    taken: AtomicU64,
    done: AtomicU64,
    phase: AtomicU8,
}

impl Field {
    fn new(per_second: Option<u64>) -> Self {
        let (taken, done) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { began: Instant::now(), per_second, taken, done, phase: AtomicU8::new(WARMING) }
    }

    /// The next connection's number, and when it is due; waits until then.
    fn next(&self) -> (u64, Instant) {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        let Some(per_second) = self.per_second else { return (number, Instant::now()) };
        let due =
            self.began + Duration::from_secs(number) / u32::try_from(per_second).unwrap_or(u32::MAX).max(1);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        (number, due)
    }

    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::Relaxed) == phase
    }
}

fn work(field: &Field, target: Target, worker: usize) -> Result<Tally, LoadError> {
    let run = std::process::id();
    let mut tally = Tally::default();
    while !field.is(ENDING) {
        let (number, due) = field.next();
        let name = format!("churn-{run:x}-{worker}-{number}");
        match tally.visit(field, &target, &name, due) {
            Ok(()) => drop(field.done.fetch_add(1, Ordering::Relaxed)),
            Err(error) => {
                tally.failed += 1;
                tally.failure.get_or_insert_with(|| error.to_string());
                std::thread::sleep(PAUSE);
            }
        }
    }
    Ok(tally)
}

/// What a worker saw.
#[derive(Default)]
struct Tally {
    connect: Histogram,
    close: Histogram,
    resumed: u64,
    unclosed: u64,
    failed: u64,
    failure: Option<String>,
}

impl Tally {
    fn visit(&mut self, field: &Field, target: &Target, name: &str, due: Instant) -> Result<(), LoadError> {
        let mut connection = Blocking::connect(target, name, 0)?;
        let opened = due.elapsed();
        self.resumed += u64::from(connection.is_resumed());
        connection.set_patience(CLOSE_PATIENCE);
        let began = Instant::now();
        self.unclosed += u64::from(!connection.part()?);
        if field.is(MEASURING) {
            self.connect.record(nanos(opened));
            self.close.record(nanos(began.elapsed()));
        }
        Ok(())
    }

    fn add(&mut self, other: Self) {
        self.connect.add(&other.connect);
        self.close.add(&other.close);
        self.resumed += other.resumed;
        self.unclosed += other.unclosed;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The phases of a run.
const WARMING: u8 = 0;
const MEASURING: u8 = 1;
const ENDING: u8 = 2;
/// After a failure, lest a dead broker keeps all processors busy.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a broker may take to close after DISCONNECT.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
