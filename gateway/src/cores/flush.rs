//! The flusher: once per pass of the event loop, it writes the waiting bytes of each marked session in as few calls as
//! possible.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::sync::Arc;
use std::task::{Poll, Waker};

use smallvec::SmallVec;
use tidegate_broker::{
    BeginWrite, Broker, CoreId, SessionHandle, Signal, Signals, Turn, WriteInProgress, Written,
};

use super::buffers::Buffers;
use super::context::{Core, with_core};
use crate::clock;

/// Flushes the sessions that this core has marked and those that other cores have left in its mailbox. Never returns.
pub(super) async fn run(broker: Arc<Broker>) {
    let mut work = Vec::new();
    poll_fn(|context| {
        with_core(|core| flush_sessions(&broker, core, context.waker(), &mut work));
        Poll::Pending
    })
    .await
}

/// Sessions whose connections only another core may write to, grouped by that core.
type RemoteFlushes = SmallVec<[(CoreId, Vec<Arc<SessionHandle>>); 4]>;

fn flush_sessions(broker: &Broker, core: &mut Core, waker: &Waker, work: &mut Vec<Arc<SessionHandle>>) {
    let now = clock::now();
    core.measure_load(now);
    core.begin_flush(waker);
    let (id, cores) = (core.id(), Arc::clone(core.cores()));
    let Some(handle) = cores.core(id) else { return };
    handle.mailbox.collect(waker, work);
    let from_mailbox = work.len();
    if handle.mailbox.take_commit() {
        core.run_turn(now, |turn, _| broker.commit_reached(turn));
        core.wake_awaiting_commit();
    }
    core.take_flushes(work);
    let mut remote = RemoteFlushes::new();
    core.run_turn(now, |turn, buffers| {
        for (index, session) in work.drain(..).enumerate() {
            match write_session(broker, turn, buffers, &session) {
                None => {}
                Some((signals, home)) if home == id || index < from_mailbox => signals.notify(Signal::Write),
                Some((_, home)) => {
                    // The session stays marked until its connection's core takes it, so it is forwarded only once.
                    let _ = session.mark();
                    forward(&mut remote, home, session);
                }
            }
        }
    });
    for (home, mut sessions) in remote {
        if let Some(handle) = cores.core(home) {
            handle.mailbox.append(&mut sessions);
        }
    }
}

fn forward(remote: &mut RemoteFlushes, home: CoreId, session: Arc<SessionHandle>) {
    match remote.iter_mut().find(|(core, _)| *core == home) {
        Some((_, sessions)) => sessions.push(session),
        None => remote.push((home, vec![session])),
    }
}

/// Writes the waiting bytes of a session to its connection. If only the core that polls the connection may write,
/// returns the connection's signals and that core instead.
fn write_session(
    broker: &Broker,
    turn: &mut Turn<'_>,
    buffers: &mut Buffers,
    session: &Arc<SessionHandle>,
) -> Option<(Arc<Signals>, CoreId)> {
    session.unmark();
    for _ in 0..BATCHES_MAX {
        let mut write = match broker.begin_write(session, || buffers.take()) {
            BeginWrite::Nothing => return None,
            BeginWrite::ByItsCore(signals, core) => return Some((signals, core)),
            BeginWrite::Write(write) => write,
        };
        let len = write.batch.len();
        let written = write_out(&mut write);
        if write.batch.len() < len {
            write.record_progress(turn.now);
        }
        let (has_more, buffer) = broker.end_write(turn, session, write, written);
        if let Some(buffer) = buffer {
            buffers.give_back(buffer);
        }
        if !has_more {
            return None;
        }
    }
    // Let other sessions write first.
    turn.effects.flush(session);
    None
}

fn write_out(write: &mut WriteInProgress) -> Written {
    while !write.batch.is_empty() {
        let mut slices: SmallVec<[IoSlice<'_>; 16]> = SmallVec::new();
        write.batch.slices(&mut slices);
        match write.writer.try_write(&slices) {
            Ok(0) => return Written::Broken,
            Ok(written) => {
                drop(slices);
                write.batch.advance(written);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Written::Blocked,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Written::Broken,
        }
    }
    Written::All
}

/// Maximum number of batches written to one session before the flusher continues with the other sessions. A client that
/// reads as fast as the broker writes would otherwise delay all others.
const BATCHES_MAX: usize = 8;
