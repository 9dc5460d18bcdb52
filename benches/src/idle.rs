//! Idle connections: how much memory each costs the broker.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::LoadError;
use crate::process::MonitoredProcess;
use crate::traffic::Snapshot;

pub mod links;
pub mod tcp;

/// Keep Alive of idle connections, in seconds.
pub const KEEP_ALIVE: u16 = 300;
/// Interval between two PINGREQs while the connections are held open.
const PING_INTERVAL: Duration = Duration::from_secs(200);

/// Idle connections over one transport.
pub trait IdleConnections {
    /// Returns the name of the transport.
    fn transport(&self) -> &'static str;
    /// Opens `connections` connections, each with CONNECT and CONNACK.
    fn open(&mut self, connections: u32) -> Result<(), LoadError>;
    /// Sends PINGREQ on each connection and waits for the responses.
    fn ping(&mut self) -> Result<(), LoadError>;
    /// Returns the number of connections that the broker has closed or on which it has sent an unexpected packet.
    fn disturbed(&mut self) -> u64;
    /// Waits, and meanwhile responds to the transport's own traffic, such as keep-alives.
    fn wait(&mut self, duration: Duration);
    /// Sends DISCONNECT on each connection and closes it.
    fn close(&mut self) -> Result<(), LoadError>;
}

/// The scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Number of connections.
    pub connections: u32,
    /// Time between the last CONNACK and the reading of the broker's memory.
    pub settle_time: Duration,
    /// Time that the connections stay open after the reading of the broker's memory.
    pub hold: Duration,
    /// The broker's process.
    pub broker: Option<MonitoredProcess>,
}

/// The figures of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the scenario: `idle`.
    pub case: &'static str,
    /// The transport.
    pub transport: &'static str,
    /// Number of connections.
    pub connections: u32,
    /// Connections opened per second, with one or a few handshakes at a time.
    pub opened_per_second: f64,
    /// Microseconds of the broker's processor time to open one connection.
    pub micros_per_connect: Option<f64>,
    /// The broker's memory in KiB before the first connection.
    pub resident_before_kib: Option<u64>,
    /// The broker's memory in KiB with all connections open and idle.
    pub resident_after_kib: Option<u64>,
    /// Growth of the broker's memory from before the first connection until all were idle, in bytes per connection.
    pub bytes_per_connection: Option<f64>,
    /// Growth of the broker's memory from before the first connection until the end of the hold time, in bytes per
    /// connection.
    pub bytes_per_connection_held: Option<f64>,
    /// Mean number of processors that the broker kept busy while all connections were idle.
    pub processors_held: Option<f64>,
    /// The broker's memory in KiB after all connections were closed.
    pub resident_closed_kib: Option<u64>,
    /// Number of connections that did not stay open and idle. Any such connection fails the run.
    pub disturbed: u64,
}

/// Opens the connections, holds them and closes them, and reads the broker's memory in between.
pub fn run(connections: &mut dyn IdleConnections, scenario: &Scenario) -> Result<Report, LoadError> {
    let before = Snapshot::of_broker(scenario.broker)?;
    connections.open(scenario.connections)?;
    let opened = Snapshot::of_broker(scenario.broker)?;
    connections.wait(scenario.settle_time);
    let settled = Snapshot::of_broker(scenario.broker)?;
    hold(connections, scenario.hold)?;
    let held = Snapshot::of_broker(scenario.broker)?;
    let disturbed = connections.disturbed();
    connections.close()?;
    connections.wait(scenario.settle_time);
    let closed = Snapshot::of_broker(scenario.broker)?;

    let opened_count = u64::from(scenario.connections);
    Ok(Report {
        case: "idle",
        transport: connections.transport(),
        connections: scenario.connections,
        opened_per_second: opened.per_second(&before, opened_count),
        micros_per_connect: settled.micros_per(&before, opened_count),
        resident_before_kib: before.resident_kib,
        resident_after_kib: settled.resident_kib,
        bytes_per_connection: settled.bytes_per(&before, opened_count),
        bytes_per_connection_held: held.bytes_per(&before, opened_count),
        processors_held: held.processors(&settled),
        resident_closed_kib: closed.resident_kib,
        disturbed,
    })
}

fn hold(connections: &mut dyn IdleConnections, duration: Duration) -> Result<(), LoadError> {
    let end = Instant::now() + duration;
    loop {
        let remaining = end.saturating_duration_since(Instant::now());
        connections.wait(remaining.min(PING_INTERVAL));
        if remaining <= PING_INTERVAL {
            return Ok(());
        }
        connections.ping()?;
    }
}
