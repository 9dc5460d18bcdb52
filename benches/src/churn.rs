//! Opens and closes connections repeatedly: handshakes, CONNECT, CONNACK, DISCONNECT, and the broker's close.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::latencies::{Latencies, Percentiles};
use crate::number::ratio;
use crate::process::MonitoredProcess;
use crate::traffic::Snapshot;

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of threads. Each thread has one connection at a time.
    pub workers: usize,
    /// In an open loop, the connections per second of all workers together. `None` means a closed loop: each worker
    /// connects again as soon as its connection is closed.
    pub per_second: Option<u64>,
    /// Duration of the warm-up before the measurement.
    pub warmup: Duration,
    /// Duration of the measurement.
    pub measured: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `churn`.
    pub case: &'static str,
    /// The MQTT version.
    pub version: &'static str,
    /// The transport.
    pub transport: &'static str,
    /// Number of connections opened and closed during the measurement.
    pub connections: u64,
    /// Connections opened and closed per second.
    pub per_second: f64,
    /// Microseconds of the broker's processor time per connection, from the first byte of the connection to its close.
    pub micros_per_connection: Option<f64>,
    /// Mean number of processors that the broker kept busy.
    pub processors: Option<f64>,
    /// Mean number of processors that the load generator kept busy.
    pub load_processors: f64,
    /// Number of connections that resumed an earlier TLS session. The number is always 0 for QUIC, which does not
    /// report resumptions.
    pub resumed: u64,
    /// Microseconds from the time at which a connection was due (closed loop: started) to CONNACK.
    pub connect_micros: Option<Percentiles>,
    /// Microseconds from DISCONNECT to the broker's close.
    pub close_micros: Option<Percentiles>,
    /// Number of connections that the broker did not close after DISCONNECT.
    pub unclosed: u64,
    /// Number of connections that failed. Any failure fails the run.
    pub failed: u64,
    /// The error of the first connection that failed.
    pub failure: Option<String>,
}

/// Runs the scenario. Each worker calls `target` once, so that each worker has its own cache of TLS sessions.
pub fn run(
    target: &(dyn Fn() -> Result<Target, LoadError> + Sync),
    scenario: &Scenario,
) -> Result<Report, LoadError> {
    let Target { version, transport, .. } = target()?;
    let state = &SharedState::new(scenario.per_second);
    let (from, to, result) = run_workers(target, scenario, state)?;
    let connections = to.sent - from.sent;
    Ok(Report {
        case: "churn",
        version: version.name(),
        transport: transport.name(),
        connections,
        per_second: to.per_second(&from, connections),
        micros_per_connection: to.micros_per(&from, connections),
        processors: to.processors(&from),
        load_processors: ratio(to.own.since(&from.own).total().as_secs_f64(), to.since(&from).as_secs_f64()),
        resumed: result.resumed,
        connect_micros: result.connect_latencies.percentiles(),
        close_micros: result.close_latencies.percentiles(),
        unclosed: result.unclosed,
        failed: result.failed,
        failure: result.failure,
    })
}

/// Runs the workers. Returns the snapshots at the start and at the end of the measurement, and the sum of the workers'
/// results.
fn run_workers(
    target: &(dyn Fn() -> Result<Target, LoadError> + Sync),
    scenario: &Scenario,
    state: &SharedState,
) -> Result<(Snapshot, Snapshot, WorkerResult), LoadError> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..scenario.workers)
            .map(|worker| scope.spawn(move || run_worker(state, target()?, worker)))
            .collect();
        let measured = measure(state, scenario);
        state.phase.store(PHASE_END, Ordering::Relaxed);
        let mut result = WorkerResult::new()?;
        for worker in workers {
            result.add(worker.join().map_err(|_| LoadError::Arguments("a worker panicked"))??)?;
        }
        let (from, to) = measured?;
        Ok((from, to, result))
    })
}

fn measure(state: &SharedState, scenario: &Scenario) -> Result<(Snapshot, Snapshot), LoadError> {
    std::thread::sleep(scenario.warmup);
    state.phase.store(PHASE_MEASUREMENT, Ordering::Relaxed);
    let from = Snapshot::take(scenario.broker, state.connections_completed.load(Ordering::Relaxed), 0)?;
    std::thread::sleep(scenario.measured);
    let to = Snapshot::take(scenario.broker, state.connections_completed.load(Ordering::Relaxed), 0)?;
    Ok((from, to))
}

/// State that the workers share.
struct SharedState {
    started_at: Instant,
    per_second: Option<u64>,
    connections_started: AtomicU64,
    connections_completed: AtomicU64,
    phase: AtomicU8,
}

impl SharedState {
    fn new(per_second: Option<u64>) -> Self {
        let (connections_started, connections_completed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            started_at: Instant::now(),
            per_second,
            connections_started,
            connections_completed,
            phase: AtomicU8::new(PHASE_WARM_UP),
        }
    }

    /// Waits until the next connection is due. Returns the number of the connection and the time at which it was due.
    fn wait_for_next(&self) -> (u64, Instant) {
        let number = self.connections_started.fetch_add(1, Ordering::Relaxed);
        let Some(per_second) = self.per_second else { return (number, Instant::now()) };
        let due = self.started_at
            + Duration::from_secs(number) / u32::try_from(per_second).unwrap_or(u32::MAX).max(1);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        (number, due)
    }

    fn is_in_phase(&self, phase: u8) -> bool {
        self.phase.load(Ordering::Relaxed) == phase
    }
}

fn run_worker(state: &SharedState, target: Target, worker: usize) -> Result<WorkerResult, LoadError> {
    let run = std::process::id();
    let mut result = WorkerResult::new()?;
    while !state.is_in_phase(PHASE_END) {
        let (number, due) = state.wait_for_next();
        let name = format!("churn-{run:x}-{worker}-{number}");
        match result.connect_once(state, &target, &name, due) {
            Ok(()) => drop(state.connections_completed.fetch_add(1, Ordering::Relaxed)),
            Err(error) => {
                result.failed += 1;
                result.failure.get_or_insert_with(|| error.to_string());
                std::thread::sleep(RETRY_PAUSE);
            }
        }
    }
    Ok(result)
}

/// The measurements and failures of one worker.
struct WorkerResult {
    connect_latencies: Latencies,
    close_latencies: Latencies,
    resumed: u64,
    unclosed: u64,
    failed: u64,
    failure: Option<String>,
}

impl WorkerResult {
    fn new() -> Result<Self, LoadError> {
        let (connect_latencies, close_latencies) = (Latencies::new()?, Latencies::new()?);
        Ok(Self { connect_latencies, close_latencies, resumed: 0, unclosed: 0, failed: 0, failure: None })
    }

    fn connect_once(
        &mut self,
        state: &SharedState,
        target: &Target,
        name: &str,
        due: Instant,
    ) -> Result<(), LoadError> {
        let mut connection = BlockingConnection::connect(target, name, 0)?;
        let opened = due.elapsed();
        self.resumed += u64::from(connection.is_resumed());
        connection.set_timeout(CLOSE_TIMEOUT);
        let began = Instant::now();
        self.unclosed += u64::from(!connection.disconnect_and_wait()?);
        if state.is_in_phase(PHASE_MEASUREMENT) {
            self.connect_latencies.record(nanos(opened));
            self.close_latencies.record(nanos(began.elapsed()));
        }
        Ok(())
    }

    fn add(&mut self, other: Self) -> Result<(), LoadError> {
        self.connect_latencies.add(&other.connect_latencies)?;
        self.close_latencies.add(&other.close_latencies)?;
        self.resumed += other.resumed;
        self.unclosed += other.unclosed;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
        Ok(())
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The phases of a run, as stored in `SharedState::phase`.
const PHASE_WARM_UP: u8 = 0;
const PHASE_MEASUREMENT: u8 = 1;
const PHASE_END: u8 = 2;
/// Pause after a failed connection, so that retries against a dead broker do not keep all processors busy.
const RETRY_PAUSE: Duration = Duration::from_millis(10);
/// Time within which the broker must close a connection after DISCONNECT.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
