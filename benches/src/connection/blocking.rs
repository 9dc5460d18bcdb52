//! The calm phases of a run, one packet at a time: handshake, subscribing, and scenarios without overlap.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::{Connection, READ_LEN};
use crate::error::LoadError;
use crate::wire::build::Session;
use crate::wire::scan::{self, Frame};
use crate::wire::{Version, build, packet_type};

/// How long an answer may take before the run is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// Which broker, and in which protocol.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The listener.
    pub address: SocketAddr,
    /// The protocol of all connections.
    pub version: Version,
}

/// A connection that waits for each answer.
#[derive(Debug)]
pub struct Blocking {
    stream: TcpStream,
    version: Version,
    incoming: Vec<u8>,
    consumed: usize,
    receive_maximum: u16,
    session_present: bool,
}

impl Blocking {
    /// Connects and completes the MQTT handshake.
    pub fn connect(target: &Target, client_id: &str, keep_alive: u16) -> Result<Self, LoadError> {
        Self::connect_to(target, client_id, keep_alive, Session::Clean)
    }

    /// The same, with a session that may outlive the connection.
    pub fn connect_to(
        target: &Target,
        client_id: &str,
        keep_alive: u16,
        session: Session,
    ) -> Result<Self, LoadError> {
        let stream = TcpStream::connect(target.address).map_err(LoadError::io("connecting"))?;
        stream.set_nodelay(true).map_err(LoadError::io("setting TCP_NODELAY"))?;
        let mut connection = Self {
            stream,
            version: target.version,
            incoming: Vec::new(),
            consumed: 0,
            receive_maximum: u16::MAX,
            session_present: false,
        };
        connection.set_patience(ANSWER_TIMEOUT)?;
        connection.send(&build::connect(target.version, client_id, keep_alive, session))?;
        (connection.session_present, connection.receive_maximum) =
            connection.with_frame(|frame| connack(&frame, target.version))?;
        connection.release();
        Ok(connection)
    }

    /// How many QoS 1 messages may be unacknowledged towards the broker.
    pub const fn receive_maximum(&self) -> u16 {
        self.receive_maximum
    }

    /// Whether the broker had the session.
    pub const fn session_present(&self) -> bool {
        self.session_present
    }

    /// True when everything that was read has been handled.
    pub const fn is_drained(&self) -> bool {
        self.consumed == self.incoming.len()
    }

    /// Limits how long an answer is waited for.
    pub fn set_patience(&self, patience: Duration) -> Result<(), LoadError> {
        self.stream.set_read_timeout(Some(patience)).map_err(LoadError::io("setting a timeout"))
    }

    /// Writes all of `bytes`.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        self.stream.write_all(bytes).map_err(LoadError::io("writing"))
    }

    /// Subscribes to `filters` in one packet and checks each return code.
    pub fn subscribe(&mut self, packet_id: u16, filters: &[String], qos: u8) -> Result<(), LoadError> {
        let version = self.version;
        self.send(&build::subscribe(version, packet_id, filters, qos))?;
        self.with_frame(|frame| suback(&frame, version, packet_id))?;
        self.release();
        Ok(())
    }

    /// Waits for the next frame.
    pub fn with_frame<T>(
        &mut self,
        handle: impl FnOnce(Frame<'_>) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        loop {
            let rest = self.incoming.get(self.consumed..).unwrap_or_default();
            if let Some((frame, after)) = scan::next(rest)? {
                self.consumed = self.incoming.len() - after.len();
                return handle(frame);
            }
            self.fill()?;
        }
    }

    /// Gives back memory that is not needed while the connection is idle.
    pub fn release(&mut self) {
        if self.consumed == self.incoming.len() {
            self.incoming = Vec::new();
            self.consumed = 0;
        }
    }

    /// True while the broker has neither closed the connection nor sent anything.
    pub fn is_quiet(&self) -> bool {
        let probe = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        let open = matches!(probe, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
        open && self.stream.set_nonblocking(false).is_ok()
    }

    /// Says goodbye and closes.
    pub fn disconnect(mut self) -> Result<(), LoadError> {
        self.send(&build::DISCONNECT)?;
        self.stream.shutdown(Shutdown::Write).map_err(LoadError::io("closing"))
    }

    /// Goes over to readiness events.
    pub fn into_connection(self) -> Result<Connection, LoadError> {
        let rest = self.incoming.get(self.consumed..).unwrap_or_default().to_vec();
        Connection::new(self.stream, rest)
    }

    fn fill(&mut self) -> Result<(), LoadError> {
        self.incoming.drain(..self.consumed);
        self.consumed = 0;
        let held = self.incoming.len();
        self.incoming.resize(held + READ_LEN, 0);
        let room = self.incoming.get_mut(held..).unwrap_or_default();
        let read = self.stream.read(room).map_err(LoadError::io("waiting for an answer"));
        self.incoming.truncate(held + read.as_ref().map_or(0, |count| *count));
        if read? == 0 { Err(LoadError::Closed) } else { Ok(()) }
    }
}

fn connack(frame: &Frame<'_>, version: Version) -> Result<(bool, u16), LoadError> {
    expect(frame, packet_type::CONNACK, "CONNACK")?;
    let [flags, code, rest @ ..] = frame.body else { return Err(LoadError::Malformed("CONNACK")) };
    if *code != 0 {
        return Err(LoadError::Refused { what: "CONNECT", code: *code });
    }
    if !version.is_v5() {
        return Ok((flags & 1 == 1, u16::MAX));
    }
    let properties = scan::variable_length(rest)?.map(|(_, properties)| properties);
    Ok((flags & 1 == 1, properties.and_then(scan::receive_maximum).unwrap_or(u16::MAX)))
}

fn suback(frame: &Frame<'_>, version: Version, packet_id: u16) -> Result<(), LoadError> {
    expect(frame, packet_type::SUBACK, "SUBACK")?;
    if frame.leading_id() != Some(packet_id) {
        return Err(LoadError::Malformed("SUBACK with a wrong packet id"));
    }
    let after_id = frame.body.get(2..).unwrap_or_default();
    let codes = if version.is_v5() { scan::skip_properties(after_id).unwrap_or_default() } else { after_id };
    match codes.iter().find(|code| **code > 2) {
        Some(code) => Err(LoadError::Refused { what: "SUBSCRIBE", code: *code }),
        None => Ok(()),
    }
}

fn expect(frame: &Frame<'_>, wanted: u8, expected: &'static str) -> Result<(), LoadError> {
    if frame.packet_type() == wanted {
        return Ok(());
    }
    Err(LoadError::Unexpected { expected, packet_type: frame.packet_type() })
}
