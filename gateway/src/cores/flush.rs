//! Writes what waits, once a turn: each marked session's bytes leave in as few calls as the socket takes.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use smallvec::SmallVec;
use tidegate_session::Batch;
use tidegate_transports::DirectWriter;

use super::context::{Core, with_core};
use super::{CoreHandle, CoreId};
use crate::broker::{Broker, SessionHandle, State};
use crate::driver::{Signal, Signals};

/// Flushes the sessions that this core marked, and those that other cores left for it, for ever.
pub(super) async fn run(broker: Arc<Broker>, id: CoreId) {
    let mut work = Vec::new();
    poll_fn(|context| {
        with_core(|core| turn(&broker, core, id, context.waker(), &mut work));
        Poll::Pending
    })
    .await
}

/// Sessions that only a driver on another core can write, by core.
type RemoteFlushes = SmallVec<[(CoreId, Vec<Arc<SessionHandle>>); 4]>;

fn turn(broker: &Broker, core: &mut Core, id: CoreId, waker: &Waker, work: &mut Vec<Arc<SessionHandle>>) {
    let cores = broker.cores();
    if core.flusher.is_none() {
        core.flusher = Some(waker.clone());
    }
    let now = Instant::now();
    core.watch(cores, now);
    core.take_owed();
    mem::swap(&mut core.dirty, work);
    let own = work.len();
    if let Some(core_handle) = cores.handle(id) {
        core_handle.mailbox.collect(waker, work);
        tell_of_commit(broker, core, core_handle, now);
    }
    let mut remote = RemoteFlushes::new();
    for (index, handle) in work.drain(..).enumerate() {
        match flush(broker, core, &handle, now) {
            Flushed::Done => {}
            Flushed::Owner(signals, home) if home == id || index >= own => signals.notify(Signal::Write),
            Flushed::Owner(_, home) => {
                // Marked until its own core takes it, so that it is forwarded once.
                let _ = handle.mark();
                forward(&mut remote, home, handle);
            }
        }
    }
    for (home, mut handles) in remote {
        if let Some(core_handle) = cores.handle(home) {
            core_handle.mailbox.leave(&mut handles);
        }
    }
}

/// Wakes the connections whose acknowledgements wait for the store.
fn tell_of_commit(broker: &Broker, core: &mut Core, core_handle: &CoreHandle, now: Instant) {
    if core_handle.mailbox.take_commit() {
        broker.release_all_committed(core, now);
        core.waiting.drain(..).for_each(|signals| signals.notify(Signal::Committed));
    }
}

fn forward(remote: &mut RemoteFlushes, home: CoreId, handle: Arc<SessionHandle>) {
    match remote.iter_mut().find(|(core, _)| *core == home) {
        Some((_, handles)) => handles.push(handle),
        None => remote.push((home, vec![handle])),
    }
}

enum Flushed {
    Done,
    /// Only the connection's own driver may write.
    Owner(Arc<Signals>, CoreId),
}

enum Taken {
    Nothing,
    Owner(Arc<Signals>, CoreId),
    Batch(WriteInProgress),
}

/// Bytes on their way out, and of which connection.
struct WriteInProgress {
    writer: DirectWriter,
    signals: Arc<Signals>,
    epoch: u64,
    batch: Batch,
}

fn flush(broker: &Broker, core: &mut Core, handle: &Arc<SessionHandle>, now: Instant) -> Flushed {
    handle.unmark();
    for _ in 0..BATCHES_MAX {
        let pooled_buffer = core.pooled_buffer();
        // Not in the head of the match: the lock would be held to its end.
        let taken = take(&mut handle.lock(), pooled_buffer);
        match taken {
            Taken::Nothing => return Flushed::Done,
            Taken::Owner(signals, home) => return Flushed::Owner(signals, home),
            Taken::Batch(mut write) => {
                let len = write.batch.len();
                let written = write_out(&write.writer, &mut write.batch);
                if write.batch.len() < len {
                    write.signals.progress(now);
                }
                if !give_back(broker, core, handle, write, written, now) {
                    return Flushed::Done;
                }
            }
        }
    }
    // Others have their turn first.
    core.mark_dirty(handle);
    Flushed::Done
}

fn take(state: &mut State, pooled_buffer: Vec<u8>) -> Taken {
    let Some(connection) = &mut state.connection else { return Taken::Nothing };
    if connection.blocked || connection.writing || state.session.write_buffer().is_empty() {
        return Taken::Nothing;
    }
    let Some(writer) = connection.writer.clone() else {
        return Taken::Owner(Arc::clone(&connection.signals), connection.core);
    };
    connection.writing = true;
    connection.signals.set_writing();
    let batch = state.session.write_buffer().take(pooled_buffer);
    Taken::Batch(WriteInProgress {
        writer,
        signals: Arc::clone(&connection.signals),
        epoch: connection.epoch,
        batch,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    All,
    Blocked,
    Broken,
}

fn write_out(writer: &DirectWriter, batch: &mut Batch) -> Written {
    while !batch.is_empty() {
        let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
        batch.slices(&mut slices);
        match writer.try_write(&slices) {
            Ok(0) => return Written::Broken,
            Ok(written) => {
                drop(slices);
                batch.advance(written);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Written::Blocked,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Written::Broken,
        }
    }
    Written::All
}

/// Ends the write under the lock; `true` when there is more to write at once.
fn give_back(
    broker: &Broker,
    core: &mut Core,
    handle: &Arc<SessionHandle>,
    write: WriteInProgress,
    written: Written,
    now: Instant,
) -> bool {
    let WriteInProgress { writer, signals, epoch, batch } = write;
    // Before anyone can see that nobody is writing: a socket with writers left cannot go to another core.
    drop(writer);
    let mut state = handle.lock();
    let state = &mut *state;
    let Some(connection) = state.connection.as_mut().filter(|connection| connection.epoch == epoch) else {
        // The connection lost its session meanwhile: a packet cut in two must not be followed by another.
        signals.finish_write(!batch.is_empty());
        return false;
    };
    connection.writing = false;
    signals.finish_write(false);
    if written == Written::All {
        core.pool_buffer(batch.recycle());
        state.session.pump(now);
        broker.save_changes(core, handle, state, now);
        core.counters.add_drops(&state.session.take_drops());
        signals.resume_reading(state.session.write_buffer().len());
        return !state.session.write_buffer().is_empty();
    }
    connection.blocked = true;
    state.session.write_buffer().put_back(batch);
    signals.notify(if written == Written::Broken { Signal::Broken } else { Signal::Write });
    false
}

/// Batches written to one session before others have their turn.
const BATCHES_MAX: usize = 8;
