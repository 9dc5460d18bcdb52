//! A network connection: the bytes in transit, and the broker's end of the connection.

use std::mem;
use std::sync::Arc;

use tidegate_broker::{ClientConnection, ConnectStep, CoreId, End, EndKind, LinkFacts, PendingConnect, Turn};
use tidegate_session::Negotiated;

use super::core::Core;

/// A network connection. The value exists until both ends have closed the connection.
pub(super) struct Link {
    client: usize,
    broker_side: BrokerSide,
    /// Bytes that the client sent and the broker has not read.
    upstream: Vec<u8>,
    /// Bytes that the broker has read but not handled.
    unhandled: Vec<u8>,
    /// Whether the last turn left packets for the next turn.
    has_more: bool,
    /// Bytes that the broker sent and the client has not read.
    downstream: Vec<u8>,
    /// Whether the broker has sent its first packet, which must be CONNACK.
    has_sent_connack: bool,
    /// Whether the client has closed the connection. The broker detects the close after it has read all bytes that
    /// arrived.
    is_closed: bool,
}

enum BrokerSide {
    Pending(PendingConnect),
    /// An accepted CONNECT that waits until a publish of the session's former connection is complete.
    Waiting(Box<Negotiated>),
    Open(ClientConnection),
    /// A connection that ends when its publish is complete.
    Ending(ClientConnection, End),
    Closed,
}

impl Link {
    /// Opens a connection on which the client has sent `bytes`.
    pub(super) fn open(client: usize, core: &Core, bytes: Vec<u8>) -> Self {
        Self {
            client,
            broker_side: BrokerSide::Pending(
                core.broker.begin_connect(&core.broker.tenant().internal_context().listener),
            ),
            upstream: bytes,
            unhandled: Vec::new(),
            has_more: false,
            downstream: Vec::new(),
            has_sent_connack: false,
            is_closed: false,
        }
    }

    /// Sends bytes from the client.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.upstream.extend_from_slice(bytes);
    }

    /// Takes up to `len` bytes for the client.
    pub(super) fn read(&mut self, len: usize) -> Vec<u8> {
        self.downstream.drain(..len.min(self.downstream.len())).collect()
    }

    /// Closes the client's end of the connection. Only `len` of the sent bytes still arrive.
    pub(super) fn close(&mut self, len: usize) {
        self.upstream.truncate(len);
        self.is_closed = true;
    }

    /// Delivers up to `len` bytes to the broker and polls the connection.
    pub(super) fn serve(&mut self, core: &mut Core, len: usize) {
        match mem::replace(&mut self.broker_side, BrokerSide::Closed) {
            BrokerSide::Pending(pending) => self.accept(core, pending),
            BrokerSide::Waiting(negotiated) => self.connect(core, negotiated),
            BrokerSide::Open(client) => self.poll(core, client, len),
            BrokerSide::Ending(client, end) => self.end(core, client, end),
            BrokerSide::Closed => {}
        }
    }

    fn accept(&mut self, core: &mut Core, mut pending: PendingConnect) {
        let step = pending.receive(&mut self.upstream, || unreachable!("clients have identifiers"));
        match step {
            ConnectStep::Incomplete if self.is_closed => {}
            ConnectStep::Incomplete => self.broker_side = BrokerSide::Pending(pending),
            ConnectStep::Accept(negotiated) => self.connect(core, negotiated),
            other => panic!("CONNECT is not accepted: {other:?}"),
        }
    }

    fn connect(&mut self, core: &mut Core, negotiated: Box<Negotiated>) {
        let broker = Arc::clone(&core.broker);
        let context = Arc::clone(broker.tenant().internal_context());
        let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
        self.broker_side = match core.turn(|turn| broker.connect(turn, &negotiated, &context, facts)) {
            Ok(receipt) => BrokerSide::Open(ClientConnection::new(broker, receipt)),
            Err(_) => BrokerSide::Waiting(negotiated),
        };
    }

    fn poll(&mut self, core: &mut Core, mut client: ClientConnection, len: usize) {
        let outcome = core.turn(|turn| {
            handle_signals(&mut client)?;
            client.release(turn)?;
            client.resume(turn)?;
            self.write(turn, &client)?;
            self.read_input(turn, &mut client, len)?;
            client.replay(turn)
        });
        match outcome {
            Ok(_) => self.broker_side = BrokerSide::Open(client),
            Err(end) => self.end(core, client, end),
        }
    }

    fn write(&mut self, turn: &mut Turn<'_>, client: &ClientConnection) -> Result<(), End> {
        if let Some(batch) = client.take_output(turn, Vec::new)? {
            batch.copy_to(&mut self.downstream);
            self.check_first_packet();
        }
        Ok(())
    }

    /// Checks that CONNACK is the first packet `[MQTT5-3.2.0-1]` `[MQTT5-3.14.0-1]`.
    fn check_first_packet(&mut self) {
        let Some(first) = self.downstream.first().filter(|_| !self.has_sent_connack) else {
            return;
        };
        assert_eq!(*first, 0x20, "the first byte that the broker sends");
        self.has_sent_connack = true;
    }

    fn read_input(
        &mut self,
        turn: &mut Turn<'_>,
        client: &mut ClientConnection,
        len: usize,
    ) -> Result<(), End> {
        if client.is_busy() && self.has_failed() {
            return Err(End::closed());
        }
        if self.has_more && client.can_handle_input() {
            self.handle(turn, client)?;
        }
        if self.has_more || !client.wants_input(turn) {
            return Ok(());
        }
        if self.upstream.is_empty() && self.is_closed {
            return Err(End::closed());
        }
        let arrived = self.upstream.drain(..len.min(self.upstream.len()));
        self.unhandled.extend(arrived);
        self.handle(turn, client)
    }

    /// Returns whether a write of the broker would fail.
    fn has_failed(&self) -> bool {
        self.is_closed && self.upstream.is_empty() && self.unhandled.is_empty()
    }

    fn handle(&mut self, turn: &mut Turn<'_>, client: &mut ClientConnection) -> Result<(), End> {
        let received = client.receive(turn, &self.unhandled)?;
        self.has_more = received.has_more;
        self.unhandled.drain(..received.used);
        Ok(())
    }

    fn end(&mut self, core: &mut Core, mut client: ClientConnection, end: End) {
        let is_expected = matches!(
            end.kind(),
            EndKind::Disconnected | EndKind::Closed | EndKind::Broken | EndKind::TakenOver
        );
        assert!(is_expected, "the broker ends a connection: {:?} {:?}", end.kind(), end.reason());
        if !core.turn(|turn| client.continue_unfinished_publish(turn)) {
            self.broker_side = BrokerSide::Ending(client, end);
            return;
        }
        core.turn(|turn| client.end(turn, &end, &mut self.downstream));
        self.check_first_packet();
    }

    /// Returns whether the connection belongs to `client` and its CONNECT has not taken effect.
    pub(super) fn is_pending_for(&self, client: usize) -> bool {
        self.client == client && matches!(self.broker_side, BrokerSide::Pending(_) | BrokerSide::Waiting(_))
    }

    /// Returns whether CONNECT waits until a publish of the session's former connection is complete.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.broker_side, BrokerSide::Waiting(_))
    }

    /// Returns whether the connection is ending but its publish is not complete.
    pub(super) fn is_ending(&self) -> bool {
        matches!(self.broker_side, BrokerSide::Ending(..))
    }

    /// Returns whether the broker has closed the connection.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self.broker_side, BrokerSide::Closed)
    }

    /// Returns whether the broker has closed the connection and the client has read all bytes.
    pub(super) fn is_fully_closed(&self) -> bool {
        self.is_ended() && self.downstream.is_empty()
    }

    /// Returns whether an operation of this connection needs more turns.
    pub(super) fn is_busy(&self) -> bool {
        match &self.broker_side {
            BrokerSide::Open(client) => client.is_busy(),
            BrokerSide::Ending(..) | BrokerSide::Waiting(_) => true,
            BrokerSide::Pending(_) | BrokerSide::Closed => false,
        }
    }

    /// Returns whether no bytes are in transit and none will be sent.
    pub(super) fn is_quiet(&self) -> bool {
        self.upstream.is_empty() && self.unhandled.is_empty() && self.downstream.is_empty() && !self.is_busy()
    }

    /// Returns whether the client can read bytes.
    pub(super) fn has_downstream(&self) -> bool {
        !self.downstream.is_empty()
    }
}

fn handle_signals(client: &mut ClientConnection) -> Result<(), End> {
    let Err(end) = client.take_signals() else { return Ok(()) };
    assert_eq!(end.kind(), EndKind::TakenOver, "the broker ends a connection without a reason");
    Err(end)
}
