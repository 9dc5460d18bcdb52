//! One direction of a link in memory: a bounded buffer between a writer and a reader.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

/// A bounded buffer with one reader and one writer.
#[derive(Debug)]
pub(super) struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    flow: Flow,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Whether more bytes can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Open,
    /// The writer has closed its side.
    Finished,
    /// One side was dropped before the writer closed its side.
    Broken,
}

impl Pipe {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        let state = State { bytes: VecDeque::new(), flow: Flow::Open, reader: None, writer: None };
        Arc::new(Self { capacity, state: Mutex::new(state) })
    }

    pub(super) fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state.lock();
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if state.bytes.is_empty() {
            return match state.flow {
                Flow::Open => {
                    state.reader = Some(cx.waker().clone());
                    Poll::Pending
                }
                Flow::Finished => Poll::Ready(Ok(0)),
                Flow::Broken => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
        }
        let mut read = 0;
        // The bytes of a ring buffer are in two parts.
        while let Some(rest) = buf.get_mut(read..)
            && let copied @ 1.. = state.bytes.read(rest)?
        {
            read += copied;
        }
        let writer = state.writer.take();
        drop(state);
        wake(writer);
        Poll::Ready(Ok(read))
    }

    pub(super) fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut state = self.state.lock();
        if state.flow != Flow::Open {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if slices.iter().all(|slice| slice.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        let free = self.capacity - state.bytes.len();
        if free == 0 {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let before = state.bytes.len();
        state.bytes.extend(slices.iter().flat_map(|slice| slice.iter()).take(free));
        let written = state.bytes.len() - before;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Poll::Ready(Ok(written))
    }

    /// Closes the writer's side: the reader gets the buffered bytes, then the end of the stream.
    pub(super) fn finish(&self) {
        self.end(Flow::Finished);
    }

    /// Breaks the pipe, because the reader or the writer is dropped. Does nothing if the writer has closed its side
    /// before.
    pub(super) fn abandon(&self) {
        self.end(Flow::Broken);
    }

    fn end(&self, flow: Flow) {
        let mut state = self.state.lock();
        if state.flow != Flow::Open {
            return;
        }
        state.flow = flow;
        let (reader, writer) = (state.reader.take(), state.writer.take());
        drop(state);
        wake(reader);
        wake(writer);
    }
}

/// Wakes a task. The caller must have released the lock, because the task may run at once.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
