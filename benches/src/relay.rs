//! A single-threaded byte relay: the floor that any broker stands on, and the liar that the load tool must catch.
//!
//! It knows just enough MQTT to bring publishers and subscribers together and has no sessions, bounds or checks.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::connection::READ_LEN;
use crate::error::LoadError;

mod door;
mod filters;
pub mod lies;
mod peer;

pub use door::Security;
pub use lies::Lies;

use door::Door;
use filters::Filters;
use peer::Peer;

/// Token of the door; peers have their index.
const DOOR: Token = Token(usize::MAX);
/// How often the relay looks whether it should stop.
const TURN_MAX: Duration = Duration::from_millis(50);

/// A bound relay.
#[derive(Debug)]
pub struct Relay {
    door: Door,
    poll: Poll,
    peers: Vec<Option<Peer>>,
    filters: Filters,
    lies: Lies,
    buffer: Vec<u8>,
    /// Peers with bytes to write at the end of the turn.
    dirty: BTreeSet<usize>,
}

impl Relay {
    /// Listens on `address`.
    pub fn bind(address: SocketAddr, security: Security<'_>, lies: Lies) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::io("opening epoll"))?;
        let door = Door::open(address, security, poll.registry())?;
        let (peers, filters, buffer) = (Vec::new(), Filters::default(), vec![0; READ_LEN]);
        Ok(Self { door, poll, peers, filters, lies, buffer, dirty: BTreeSet::new() })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> Result<SocketAddr, LoadError> {
        self.door.local_addr()
    }

    /// Relays until `stop` is set.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), LoadError> {
        let mut events = Events::with_capacity(1024);
        while !stop.load(Ordering::Relaxed) {
            let limit = self.deadline().map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, Some(limit.unwrap_or(TURN_MAX).min(TURN_MAX))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(LoadError::Io { doing: "waiting for events", source: error });
                }
                _ => {}
            }
            for event in &events {
                match event.token() {
                    DOOR => self.answer_door()?,
                    Token(index) => self.serve(index, event.is_readable(), event.is_writable()),
                }
            }
            if limit.is_some() {
                self.expire();
            }
            self.flush();
        }
        Ok(())
    }

    /// Takes new peers in, and serves those whose bytes come through the door.
    fn answer_door(&mut self) -> Result<(), LoadError> {
        let mut touched = Vec::new();
        let (peers, lies, registry) = (&mut self.peers, self.lies, self.poll.registry());
        self.door.answer(&mut self.buffer, |visit| match visit {
            door::Visit::New(mut connection) => {
                let index = peers.len();
                connection.register(registry, index)?;
                peers.push(Some(Peer::new(connection, lies)));
                touched.push(index);
                Ok(index)
            }
            door::Visit::Datagram(index, event) => {
                if let Some(Some(peer)) = peers.get_mut(index) {
                    peer.connection.handle(event);
                    touched.push(index);
                }
                Ok(index)
            }
        })?;
        touched.sort_unstable();
        touched.dedup();
        for index in touched {
            self.serve(index, true, false);
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.peers.iter().flatten().filter_map(|peer| peer.connection.deadline()).min()
    }

    fn expire(&mut self) {
        let now = Instant::now();
        for (index, slot) in self.peers.iter_mut().enumerate() {
            if slot.as_mut().is_some_and(|peer| peer.connection.expire(now).is_err()) {
                *slot = None;
                self.filters.remove(index);
            }
        }
    }

    /// Handles one peer; an error of its socket ends it alone.
    fn serve(&mut self, index: usize, readable: bool, writable: bool) {
        let Some(mut peer) = self.peers.get_mut(index).and_then(Option::take) else { return };
        if writable {
            peer.connection.unblock();
            self.dirty.insert(index);
        }
        let read = if readable { peer.receive(&mut self.buffer) } else { Ok(()) };
        for filter in peer.subscribed.drain(..) {
            self.filters.add(filter, index);
        }
        if !peer.run.is_empty() || !peer.earlier.is_empty() {
            self.dispatch(&mut peer);
        }
        if read.is_err() {
            self.filters.remove(index);
            peer.connection.close();
            return;
        }
        self.dirty.insert(index);
        if let Some(slot) = self.peers.get_mut(index) {
            *slot = Some(peer);
        }
    }

    /// Hands a read's messages to whoever subscribed to their topics.
    fn dispatch(&mut self, peer: &mut Peer) {
        for (topic, frames) in peer.earlier.drain(..) {
            forward(&mut self.filters, &mut self.peers, &mut self.dirty, &topic, &frames);
        }
        forward(&mut self.filters, &mut self.peers, &mut self.dirty, &peer.topic, &peer.run);
        peer.run.clear();
    }

    fn flush(&mut self) {
        while let Some(index) = self.dirty.pop_first() {
            if let Some(Some(peer)) = self.peers.get_mut(index)
                && peer.connection.flush().is_err()
            {
                self.filters.remove(index);
            }
        }
    }
}

fn forward(
    filters: &mut Filters,
    peers: &mut [Option<Peer>],
    dirty: &mut BTreeSet<usize>,
    topic: &[u8],
    frames: &[u8],
) {
    filters.each(topic, |subscriber| {
        if let Some(Some(peer)) = peers.get_mut(subscriber) {
            peer.deliver(frames);
            dirty.insert(subscriber);
        }
    });
}
