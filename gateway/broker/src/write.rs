//! From a session's write buffer to its connection, in three steps: take the bytes under the lock, write them without it, end the
//! write under the lock.

use std::sync::Arc;
use std::time::Instant;

use tidegate_session::Batch;

use crate::broker::Broker;
use crate::connection_handle::{CoreId, DirectWrite};
use crate::end::End;
use crate::session_handle::{Ownership, SessionHandle, State};
use crate::signals::{Signal, Signals};
use crate::turn::Turn;

/// What a core does about a session that was marked.
pub enum BeginWrite {
    /// Nothing: no bytes wait, or somebody else writes them.
    Nothing,
    /// Only the core that polls the connection may write: notify it.
    ByItsCore(Arc<Signals>, CoreId),
    /// Write these bytes, then call [`Broker::end_write`].
    Write(WriteInProgress),
}

/// Bytes on their way to a connection.
#[must_use = "`Broker::end_write` ends the write"]
pub struct WriteInProgress {
    /// Writes to the connection.
    pub writer: Arc<dyn DirectWrite>,
    /// The bytes.
    pub batch: Batch,
    signals: Arc<Signals>,
    epoch: u64,
}

impl WriteInProgress {
    /// The connection took bytes.
    pub fn record_progress(&self, now: Instant) {
        self.signals.record_progress(now);
    }
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All bytes were taken.
    All,
    /// The connection takes no more at present.
    Blocked,
    /// The connection is broken.
    Broken,
}

impl Broker {
    /// Takes what waits for a session's connection, if this core may write it. `buffer` makes an empty buffer for what comes next.
    pub fn begin_write(&self, handle: &Arc<SessionHandle>, buffer: impl FnOnce() -> Vec<u8>) -> BeginWrite {
        begin_write(&mut handle.lock(), buffer)
    }

    /// Ends a write; `true` if there is more to write at once. A batch that was written is given back as a buffer.
    pub fn end_write(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        write: WriteInProgress,
        written: Written,
    ) -> (bool, Option<Vec<u8>>) {
        let WriteInProgress { writer, signals, epoch, batch } = write;
        // Before anyone can see that nobody is writing: a socket with other writers cannot go to another core.
        drop(writer);
        let mut guard = self.guard(handle);
        let Some(connection) = guard.connection.as_mut().filter(|connection| connection.epoch == epoch)
        else {
            // The connection lost its session meanwhile: after a part of a packet nothing may follow.
            signals.finish_write(!batch.is_empty());
            let _ = guard.finish(turn);
            return (false, None);
        };
        connection.writing = false;
        signals.finish_write(false);
        if written == Written::All {
            let buffer = batch.recycle();
            guard.session.pump(turn.now);
            let _ = guard.save(turn, None);
            let waiting = guard.session.write_buffer().len();
            signals.resume_reading(waiting);
            guard.finish_quietly(turn);
            return (waiting > 0, Some(buffer));
        }
        connection.blocked = true;
        guard.session.write_buffer().put_back(batch);
        turn.effects
            .notify(&signals, if written == Written::Broken { Signal::Broken } else { Signal::Write });
        let _ = guard.finish(turn);
        (false, None)
    }

    /// Takes what waits for a connection that only its own core may write to.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn take_output(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        buffer: impl FnOnce() -> Vec<u8>,
    ) -> Result<Option<Box<Batch>>, End> {
        let mut guard = self.own(owner)?;
        let is_ours = guard.connection.as_ref().is_some_and(|connection| connection.is_written_by_its_core());
        if !is_ours {
            let _ = guard.finish(turn);
            return Ok(None);
        }
        guard.session.pump(turn.now);
        let _ = guard.save(turn, None);
        let waiting = guard.session.write_buffer().len();
        let mut batch = None;
        if let Some(connection) = &mut guard.connection {
            connection.signals.resume_reading(waiting);
            connection.blocked &= waiting > 0;
        }
        if waiting > 0 {
            batch = Some(Box::new(guard.session.write_buffer().take(buffer())));
        }
        let _ = guard.finish(turn);
        Ok(batch)
    }

    /// Takes the writer away, so that only the connection's own core has to do with its socket; `false` while another core is
    /// writing, or when another connection took the session over.
    #[must_use]
    pub fn take_writer(&self, owner: &Ownership) -> bool {
        let mut state = owner.handle.lock();
        let connection = state.connection.as_mut();
        let owned = connection.filter(|connection| connection.epoch == owner.epoch && !connection.writing);
        owned.map(|connection| connection.writer = None).is_some()
    }

    /// The connection is polled by `core` from now on: what is due for it, and what waits for it, is the business of that core.
    pub fn move_to_core(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        core: CoreId,
        writer: Option<Arc<dyn DirectWrite>>,
    ) {
        let Ok(mut guard) = self.own(owner) else { return };
        if let Some(connection) = &mut guard.connection {
            connection.core = core;
            connection.writer = writer;
        }
        turn.counters.connections_moved.add(1);
        // The timer of the former core finds another time noted, and does nothing.
        guard.scheduled = None;
        self.schedule(turn, &owner.handle, &mut guard);
        // A core that found no writer has notified the connection, and did nothing else.
        let _ = guard.finish(turn);
    }
}

fn begin_write(state: &mut State, buffer: impl FnOnce() -> Vec<u8>) -> BeginWrite {
    let Some(connection) = &mut state.connection else { return BeginWrite::Nothing };
    if connection.blocked || connection.writing || state.session.write_buffer().is_empty() {
        return BeginWrite::Nothing;
    }
    let signals = Arc::clone(&connection.signals);
    let Some(writer) = connection.writer.clone() else {
        return BeginWrite::ByItsCore(signals, connection.core);
    };
    connection.writing = true;
    connection.signals.set_writing();
    let batch = state.session.write_buffer().take(buffer());
    BeginWrite::Write(WriteInProgress { writer, signals, epoch: connection.epoch, batch })
}
