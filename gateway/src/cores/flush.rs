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
use crate::broker::{Broker, Seat, State};
use crate::driver::{Bell, Signal};

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
type Foreign = SmallVec<[(CoreId, Vec<Arc<Seat>>); 4]>;

fn turn(broker: &Broker, core: &mut Core, id: CoreId, waker: &Waker, work: &mut Vec<Arc<Seat>>) {
    let cores = broker.cores();
    if core.flusher.is_none() {
        core.flusher = Some(waker.clone());
    }
    let now = Instant::now();
    core.watch(cores, now);
    core.take_owed();
    mem::swap(&mut core.dirty, work);
    let own = work.len();
    if let Some(handle) = cores.handle(id) {
        handle.mailbox.collect(waker, work);
        tell_of_commit(broker, core, handle, now);
    }
    let mut foreign = Foreign::new();
    for (index, seat) in work.drain(..).enumerate() {
        match flush(broker, core, &seat, now) {
            Flushed::Done => {}
            Flushed::Owner(bell, home) if home == id || index >= own => bell.ring(Signal::Write),
            Flushed::Owner(_, home) => {
                // Marked until its own core takes it, so that it is forwarded once.
                let _ = seat.mark();
                forward(&mut foreign, home, seat);
            }
        }
    }
    for (home, mut seats) in foreign {
        if let Some(handle) = cores.handle(home) {
            handle.mailbox.leave(&mut seats);
        }
    }
}

/// Wakes the connections whose acknowledgements wait for the store.
fn tell_of_commit(broker: &Broker, core: &mut Core, handle: &CoreHandle, now: Instant) {
    if handle.mailbox.take_commit() {
        broker.open_gates(core, now);
        core.waiting.drain(..).for_each(|bell| bell.ring(Signal::Committed));
    }
}

fn forward(foreign: &mut Foreign, home: CoreId, seat: Arc<Seat>) {
    match foreign.iter_mut().find(|(core, _)| *core == home) {
        Some((_, seats)) => seats.push(seat),
        None => foreign.push((home, vec![seat])),
    }
}

enum Flushed {
    Done,
    /// Only the connection's own driver may write.
    Owner(Arc<Bell>, CoreId),
}

enum Taken {
    Nothing,
    Owner(Arc<Bell>, CoreId),
    Batch(Flight),
}

/// Bytes on their way out, and of which connection.
struct Flight {
    writer: DirectWriter,
    bell: Arc<Bell>,
    epoch: u64,
    batch: Batch,
}

fn flush(broker: &Broker, core: &mut Core, seat: &Arc<Seat>, now: Instant) -> Flushed {
    seat.unmark();
    for _ in 0..BATCHES_MAX {
        let spare = core.spare();
        // Not in the head of the match: the lock would be held to its end.
        let taken = take(&mut seat.lock(), spare);
        match taken {
            Taken::Nothing => return Flushed::Done,
            Taken::Owner(bell, home) => return Flushed::Owner(bell, home),
            Taken::Batch(mut flight) => {
                let len = flight.batch.len();
                let written = write(&flight.writer, &mut flight.batch);
                if flight.batch.len() < len {
                    flight.bell.progress(now);
                }
                if !give_back(broker, core, seat, flight, written, now) {
                    return Flushed::Done;
                }
            }
        }
    }
    // Others have their turn first.
    core.mark_dirty(seat);
    Flushed::Done
}

fn take(state: &mut State, spare: Vec<u8>) -> Taken {
    let Some(line) = &mut state.line else { return Taken::Nothing };
    if line.blocked || line.writing || state.session.pending().is_empty() {
        return Taken::Nothing;
    }
    let Some(writer) = line.writer.clone() else { return Taken::Owner(Arc::clone(&line.bell), line.core) };
    line.writing = true;
    line.bell.set_writing();
    let batch = state.session.pending().take(spare);
    Taken::Batch(Flight { writer, bell: Arc::clone(&line.bell), epoch: line.epoch, batch })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    All,
    Blocked,
    Broken,
}

fn write(writer: &DirectWriter, batch: &mut Batch) -> Written {
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
    seat: &Arc<Seat>,
    flight: Flight,
    written: Written,
    now: Instant,
) -> bool {
    let Flight { writer, bell, epoch, batch } = flight;
    // Before anyone can see that nobody is writing: a socket with writers left cannot go to another core.
    drop(writer);
    let mut state = seat.lock();
    let state = &mut *state;
    let Some(line) = state.line.as_mut().filter(|line| line.epoch == epoch) else {
        // The connection lost its session meanwhile: a packet cut in two must not be followed by another.
        bell.finish_write(!batch.is_empty());
        return false;
    };
    line.writing = false;
    bell.finish_write(false);
    if written == Written::All {
        core.keep_spare(batch.recycle());
        state.session.pump(now);
        broker.follow(core, seat, state, now);
        core.counters.add_drops(&state.session.take_drops());
        bell.relieve(state.session.pending().len());
        return !state.session.pending().is_empty();
    }
    line.blocked = true;
    state.session.pending().put_back(batch);
    bell.ring(if written == Written::Broken { Signal::Broken } else { Signal::Write });
    false
}

/// Batches written to one session before others have their turn.
const BATCHES_MAX: usize = 8;
