//! Writes the bytes of a session's write buffer to its connection, in three steps: takes the bytes under the session's
//! lock, writes them without the lock, and ends the write under the lock.

use std::sync::Arc;
use std::time::Instant;

use tidegate_session::{Batch, WriteBuffer};

use crate::broker::Broker;
use crate::connection_handle::{CoreId, DirectWrite};
use crate::end::End;
use crate::session_handle::{Ownership, SessionHandle, State};
use crate::signals::{Signal, Signals};
use crate::turn::Turn;

/// What a core has to do for a session that was marked for a flush.
pub enum BeginWrite {
    /// Nothing: no bytes are waiting, another core is writing, or the socket is full.
    Nothing,
    /// Notify the core that polls the connection, because only that core may write.
    ByItsCore(Arc<Signals>, CoreId),
    /// Write these bytes, then call [`Broker::end_write`].
    Write(WriteInProgress),
}

/// Bytes that are being written to a connection.
#[must_use = "`Broker::end_write` ends the write"]
pub struct WriteInProgress {
    /// The writer of the connection.
    pub writer: Arc<dyn DirectWrite>,
    /// The bytes to be written.
    pub batch: Batch,
    signals: Arc<Signals>,
    epoch: u64,
}

impl WriteInProgress {
    /// Records that the connection accepted bytes.
    pub fn record_progress(&self, now: Instant) {
        self.signals.record_progress(now);
    }
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The connection accepted all bytes.
    All,
    /// The connection accepts no more bytes at the moment.
    Blocked,
    /// The connection is broken.
    Broken,
}

impl Broker {
    /// Takes the bytes waiting for a session's connection, if this core may write them. `buffer` returns an empty
    /// buffer, which replaces the one that is taken.
    pub fn begin_write(&self, handle: &Arc<SessionHandle>, buffer: impl FnOnce() -> Vec<u8>) -> BeginWrite {
        begin_write(&mut handle.lock(), buffer)
    }

    /// Ends a write. Returns `true` if there are more bytes to write, and the buffer of a batch that was written
    /// completely.
    pub fn end_write(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        write: WriteInProgress,
        written: Written,
    ) -> (bool, Option<Vec<u8>>) {
        let WriteInProgress { writer, signals, epoch, batch } = write;
        // The writer must be dropped before `writing` is cleared: a socket of which another writer exists cannot be
        // moved to another core.
        drop(writer);
        let mut guard = self.guard(handle);
        let Some(connection) = guard.connection.as_mut().filter(|connection| connection.epoch == epoch)
        else {
            // The connection lost its session during the write. If only a part of a packet was written, nothing may
            // follow it.
            signals.finish_write(!batch.is_empty());
            let _ = guard.finish(turn);
            return (false, None);
        };
        connection.writing = false;
        signals.finish_write(false);
        if written == Written::All {
            let buffer = batch.recycle();
            guard.session.send_waiting(turn.now);
            let _ = guard.save(turn, None);
            let waiting = guard.session.write_buffer().len();
            signals.resume_reading(waiting);
            guard.finish_quietly(turn);
            return (waiting > 0, Some(buffer));
        }
        connection.blocked = true;
        let is_kept = guard.session.write_buffer().put_back(batch).is_ok();
        if !is_kept {
            turn.count_for(handle.tenant());
            turn.counters.connections_out_of_memory.add(1);
            signals.forbid_writing();
        }
        let is_broken = written == Written::Broken || !is_kept;
        turn.effects.notify(&signals, if is_broken { Signal::Broken } else { Signal::Write });
        let _ = guard.finish(turn);
        (false, None)
    }

    /// Takes the bytes waiting for a connection to which only the core that polls it may write.
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
        guard.session.send_waiting(turn.now);
        let _ = guard.save(turn, None);
        let waiting = guard.session.write_buffer().len();
        let mut batch = None;
        if let Some(connection) = &mut guard.connection {
            connection.signals.resume_reading(waiting);
            connection.blocked &= waiting > 0;
        }
        if waiting > 0 {
            batch = Some(Box::new(take(guard.session.write_buffer(), buffer)));
        }
        let _ = guard.finish(turn);
        Ok(batch)
    }

    /// Removes the writer of a connection, so that only the core that polls the connection uses its socket. Returns
    /// `false` while another core is writing, or if another connection took the session over.
    #[must_use]
    pub fn take_writer(&self, owner: &Ownership) -> bool {
        let mut state = owner.handle.lock();
        let connection = state.connection.as_mut();
        let owned = connection.filter(|connection| connection.epoch == owner.epoch && !connection.writing);
        owned.map(|connection| connection.writer = None).is_some()
    }

    /// Records that `core` polls the connection from now on, and makes this core responsible for the connection's timer
    /// and waiting bytes.
    pub fn move_to_core(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        core: CoreId,
        writer: Option<Arc<dyn DirectWrite>>,
    ) {
        let Ok(mut guard) = self.own(owner) else { return };
        turn.count_for(owner.handle.tenant());
        if let Some(connection) = &mut guard.connection {
            connection.core = core;
            connection.writer = writer;
        }
        turn.counters.connections_moved.add(1);
        // The timer of the former core is no longer the session's current timer, so it does nothing when it fires.
        guard.scheduled = None;
        self.schedule(turn, &owner.handle, &mut guard);
        // A core that found no writer during the move has only notified the connection, so finishing the guard asks for
        // a flush.
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
    let batch = take(state.session.write_buffer(), buffer);
    BeginWrite::Write(WriteInProgress { writer, signals, epoch: connection.epoch, batch })
}

/// Takes all waiting bytes. The first batch, which is often only the CONNACK, is not replaced by a buffer from the
/// pool, because many clients are idle afterwards.
fn take(waiting: &mut WriteBuffer, buffer: impl FnOnce() -> Vec<u8>) -> Batch {
    let next = if waiting.has_been_taken() { buffer() } else { Vec::new() };
    waiting.take(next)
}
