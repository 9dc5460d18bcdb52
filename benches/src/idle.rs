//! Connections that do nothing: what each of them costs the broker in memory.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::LoadError;
use crate::process::MonitoredProcess;
use crate::traffic::Snapshot;

pub mod links;
pub mod tcp;

/// Keep Alive of idle connections, in seconds.
pub const KEEP_ALIVE: u16 = 300;
/// How often they send a PINGREQ while they are held.
const PING_INTERVAL: Duration = Duration::from_secs(200);

/// Idle connections over one transport.
pub trait IdleConnections {
    /// The transport's name.
    fn transport(&self) -> &'static str;
    /// Opens so many connections, each with CONNECT and CONNACK.
    fn open(&mut self, connections: u32) -> Result<(), LoadError>;
    /// Sends a PINGREQ on each and waits for the answers.
    fn ping(&mut self) -> Result<(), LoadError>;
    /// How many the broker has closed, or sent something unasked.
    fn disturbed(&mut self) -> u64;
    /// Keeps the connections' business going (acknowledgements, keep-alives of the transport) for a while.
    fn wait(&mut self, duration: Duration);
    /// DISCONNECT and orderly close on each.
    fn close(&mut self) -> Result<(), LoadError>;
}

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// How many.
    pub connections: u32,
    /// Between the last CONNACK and the reading of the memory.
    pub settle: Duration,
    /// How long they are held after that.
    pub hold: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// The figures.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `idle`
    pub case: &'static str,
    /// The transport.
    pub transport: &'static str,
    /// How many connections.
    pub connections: u32,
    /// Opened a second, one handshake or a few at a time.
    pub opened_per_second: f64,
    /// The broker's processor time to open one.
    pub micros_per_connect: Option<f64>,
    /// The broker's memory before the first.
    pub resident_before_kib: Option<u64>,
    /// The broker's memory with all open and quiet.
    pub resident_after_kib: Option<u64>,
    /// The difference, by connection.
    pub bytes_per_connection: Option<f64>,
    /// The same at the end of the hold.
    pub bytes_per_connection_held: Option<f64>,
    /// Processors the broker kept busy while all were idle.
    pub processors_held: Option<f64>,
    /// The broker's memory after all were closed.
    pub resident_closed_kib: Option<u64>,
    /// Connections that did not stay open and quiet. Not zero fails the run.
    pub disturbed: u64,
}

/// Opens, settles, holds and closes.
pub fn run(connections: &mut dyn IdleConnections, scenario: &Scenario) -> Result<Report, LoadError> {
    let before = Snapshot::of_broker(scenario.broker)?;
    connections.open(scenario.connections)?;
    let opened = Snapshot::of_broker(scenario.broker)?;
    connections.wait(scenario.settle);
    let settled = Snapshot::of_broker(scenario.broker)?;
    hold(connections, scenario.hold)?;
    let held = Snapshot::of_broker(scenario.broker)?;
    let disturbed = connections.disturbed();
    connections.close()?;
    connections.wait(scenario.settle);
    let closed = Snapshot::of_broker(scenario.broker)?;

    let opened_count = u64::from(scenario.connections);
    Ok(Report {
        case: "idle",
        transport: connections.transport(),
        connections: scenario.connections,
        opened_per_second: opened.per_second(&before, opened_count),
        micros_per_connect: settled.micros_each(&before, opened_count),
        resident_before_kib: before.resident_kib,
        resident_after_kib: settled.resident_kib,
        bytes_per_connection: settled.bytes_each(&before, opened_count),
        bytes_per_connection_held: held.bytes_each(&before, opened_count),
        processors_held: held.processors(&settled),
        resident_closed_kib: closed.resident_kib,
        disturbed,
    })
}

fn hold(connections: &mut dyn IdleConnections, duration: Duration) -> Result<(), LoadError> {
    let end = Instant::now() + duration;
    loop {
        let rest = end.saturating_duration_since(Instant::now());
        connections.wait(rest.min(PING_INTERVAL));
        if rest <= PING_INTERVAL {
            return Ok(());
        }
        connections.ping()?;
    }
}
