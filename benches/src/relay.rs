//! A single-threaded relay that forwards packets and can inject faults. The costs of the relay are a lower bound for
//! the costs of any broker. Tests inject faults to check that the load generator detects them.
//!
//! The relay implements just enough of MQTT to connect publishers with subscribers. The relay has no sessions, limits
//! or checks.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::connection::READ_LEN;
use crate::error::LoadError;

mod filters;
pub mod injected_faults;
mod listener;
mod peer;

pub use injected_faults::InjectedFaults;
pub use listener::Security;

use filters::Filters;
use listener::Listener;
use peer::Peer;

/// Token of the listener. The token of a peer is its index.
const LISTENER: Token = Token(usize::MAX);
/// Maximum time between two checks of the flag that stops the relay.
const POLL_TIMEOUT_MAX: Duration = Duration::from_millis(50);

/// A relay with a bound listener.
#[derive(Debug)]
pub struct Relay {
    listener: Listener,
    poll: Poll,
    /// The peers by index. `None` for a peer that has disconnected or is being handled.
    peers: Vec<Option<Peer>>,
    filters: Filters,
    injected_faults: InjectedFaults,
    buffer: Vec<u8>,
    /// Peers with outgoing bytes that are flushed after the current events.
    unflushed: BTreeSet<usize>,
}

impl Relay {
    /// Listens on `address`.
    pub fn bind(
        address: SocketAddr,
        security: Security<'_>,
        injected_faults: InjectedFaults,
    ) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::io("opening epoll"))?;
        let listener = Listener::open(address, security, poll.registry())?;
        let (peers, filters, buffer) = (Vec::new(), Filters::default(), vec![0; READ_LEN]);
        Ok(Self { listener, poll, peers, filters, injected_faults, buffer, unflushed: BTreeSet::new() })
    }

    /// Returns the address on which the relay listens.
    pub fn local_addr(&self) -> Result<SocketAddr, LoadError> {
        self.listener.local_addr()
    }

    /// Relays until `stop` is set.
    pub fn run(mut self, stop: &AtomicBool) -> Result<(), LoadError> {
        let mut events = Events::with_capacity(1024);
        while !stop.load(Ordering::Relaxed) {
            let limit = self.deadline().map(|at| at.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, Some(limit.unwrap_or(POLL_TIMEOUT_MAX).min(POLL_TIMEOUT_MAX))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(LoadError::Io { doing: "waiting for events", source: error });
                }
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.handle_listener()?,
                    Token(index) => self.handle_peer(index, event.is_readable(), event.is_writable()),
                }
            }
            if limit.is_some() {
                self.handle_timeouts();
            }
            self.flush();
        }
        Ok(())
    }

    /// Adds new peers, and handles peers whose datagrams arrived at the listener.
    fn handle_listener(&mut self) -> Result<(), LoadError> {
        let mut peers_with_events = Vec::new();
        let (peers, injected_faults, registry) =
            (&mut self.peers, self.injected_faults, self.poll.registry());
        self.listener.handle_ready(&mut self.buffer, |event| match event {
            listener::ListenerEvent::New(mut connection) => {
                let index = peers.len();
                connection.register(registry, index)?;
                peers.push(Some(Peer::new(connection, injected_faults)));
                peers_with_events.push(index);
                Ok(index)
            }
            listener::ListenerEvent::Datagram(index, event) => {
                if let Some(Some(peer)) = peers.get_mut(index) {
                    peer.connection.handle_datagram(event);
                    peers_with_events.push(index);
                }
                Ok(index)
            }
        })?;
        peers_with_events.sort_unstable();
        peers_with_events.dedup();
        for index in peers_with_events {
            self.handle_peer(index, true, false);
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.peers.iter().flatten().filter_map(|peer| peer.connection.deadline()).min()
    }

    fn handle_timeouts(&mut self) {
        let now = Instant::now();
        for (index, slot) in self.peers.iter_mut().enumerate() {
            if slot.as_mut().is_some_and(|peer| peer.connection.handle_timeout(now).is_err()) {
                *slot = None;
                self.filters.remove(index);
            }
        }
    }

    /// Handles the events of one peer. An error of the peer's socket ends only this peer.
    fn handle_peer(&mut self, index: usize, readable: bool, writable: bool) {
        let Some(mut peer) = self.peers.get_mut(index).and_then(Option::take) else { return };
        if writable {
            peer.connection.set_writable();
            self.unflushed.insert(index);
        }
        let read = if readable { peer.receive(&mut self.buffer) } else { Ok(()) };
        for filter in peer.new_filters.drain(..) {
            self.filters.add(filter, index);
        }
        if !peer.batch.is_empty() || !peer.earlier_batches.is_empty() {
            self.forward_messages(&mut peer);
        }
        if read.is_err() {
            self.filters.remove(index);
            peer.connection.close();
            return;
        }
        self.unflushed.insert(index);
        if let Some(slot) = self.peers.get_mut(index) {
            *slot = Some(peer);
        }
    }

    /// Forwards the messages of one read to the subscribers of their topics.
    fn forward_messages(&mut self, peer: &mut Peer) {
        for (topic, packets) in peer.earlier_batches.drain(..) {
            forward_to_subscribers(&mut self.filters, &mut self.peers, &mut self.unflushed, &topic, &packets);
        }
        forward_to_subscribers(
            &mut self.filters,
            &mut self.peers,
            &mut self.unflushed,
            &peer.topic,
            &peer.batch,
        );
        peer.batch.clear();
    }

    fn flush(&mut self) {
        while let Some(index) = self.unflushed.pop_first() {
            if let Some(Some(peer)) = self.peers.get_mut(index)
                && peer.connection.flush().is_err()
            {
                self.filters.remove(index);
            }
        }
    }
}

fn forward_to_subscribers(
    filters: &mut Filters,
    peers: &mut [Option<Peer>],
    unflushed: &mut BTreeSet<usize>,
    topic: &[u8],
    packets: &[u8],
) {
    filters.for_each_receiver(topic, |subscriber| {
        if let Some(Some(peer)) = peers.get_mut(subscriber) {
            peer.deliver(packets);
            unflushed.insert(subscriber);
        }
    });
}
