//! Drives one network connection of the broker as the gateway's driver does: signals, acknowledgements, output, input,
//! retained messages.

use tidegate_broker::{ClientConnection, End, Ownership, Turn};

use super::MultiTurnWork;

/// A network connection, which is open or has ended.
pub(super) enum Connection {
    Open(Box<OpenConnection>),
    Closed(ClosedConnection),
}

/// An open connection, which has a session.
pub(super) struct OpenConnection {
    client: ClientConnection,
    /// Bytes of packets that the broker has not handled yet.
    input: Vec<u8>,
    /// Bytes that the broker has written for the client.
    pub(super) output: Vec<u8>,
    /// Whether the last read left packets for the next turn.
    has_more: bool,
}

/// A connection that has ended. The connection keeps its `Ownership` of the session, which the broker must reject.
pub(super) struct ClosedConnection {
    pub(super) owner: Ownership,
    /// Bytes that the client has not read yet.
    pub(super) output: Vec<u8>,
}

impl OpenConnection {
    pub(super) fn new(client: ClientConnection) -> Self {
        Self { client, input: Vec::new(), output: Vec::new(), has_more: false }
    }

    /// Adds bytes that the client has sent.
    pub(super) fn add_input(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Handles the signals that other sessions and timers have set for this connection.
    pub(super) fn handle_signals(&mut self) -> Result<(), End> {
        self.client.take_signals().map(drop)
    }

    /// Runs one turn of the connection. Returns whether the connection needs another turn.
    pub(super) fn poll(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        self.client.release(turn)?;
        self.client.resume(turn)?;
        while let Some(batch) = self.client.take_output(turn, Vec::new)? {
            batch.copy_to(&mut self.output);
        }
        self.read(turn)?;
        let has_more = self.client.replay(turn)?;
        Ok(has_more || self.client.is_busy() || !self.input.is_empty())
    }

    /// Records in `interrupted` the work that the last turn did not finish.
    pub(super) fn note_interrupted(&self, interrupted: &mut MultiTurnWork) {
        interrupted.operation_took_turns |= self.client.is_busy();
        interrupted.read_took_turns |= self.has_more && !self.client.is_busy();
    }

    /// Ends the connection.
    pub(super) fn end(self, turn: &mut Turn<'_>, end: &End) -> ClosedConnection {
        let Self { client, mut output, .. } = self;
        let owner = client.owner().clone();
        client.end(turn, end, &mut output);
        ClosedConnection { owner, output }
    }

    fn read(&mut self, turn: &mut Turn<'_>) -> Result<(), End> {
        if self.input.is_empty() || !self.client.wants_input(turn) {
            return Ok(());
        }
        let received = self.client.receive(turn, &self.input)?;
        self.input.drain(..received.used);
        self.has_more = received.has_more && !self.input.is_empty();
        assert!(self.input.is_empty() || received.has_more, "whole packets are left unread");
        Ok(())
    }
}
