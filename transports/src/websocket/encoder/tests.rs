//! The encoder writes to a stream that accepts only a few bytes per call. The decoder of the other side reads the
//! result.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::AsyncWrite;

use super::Encoder;
use crate::websocket::Role;
use crate::websocket::decoder::{Decoder, End};

/// A stream that accepts a limited number of bytes per call, cycling through `limits`. A call whose limit is 0 returns
/// `Pending`.
struct TrickleStream {
    taken: Vec<u8>,
    calls: usize,
    limits: Vec<usize>,
    next_limit: usize,
}

impl TrickleStream {
    fn new(limits: Vec<usize>) -> Self {
        Self { taken: Vec::new(), calls: 0, limits, next_limit: 0 }
    }
}

impl AsyncWrite for TrickleStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = self.limits[self.next_limit % self.limits.len()];
        self.next_limit += 1;
        self.calls += 1;
        if room == 0 {
            return Poll::Pending;
        }
        let offered: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        let length = room.min(offered.len());
        self.taken.extend_from_slice(&offered[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn until_ready<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> T {
    loop {
        if let Poll::Ready(result) = poll(&mut Context::from_waker(Waker::noop())) {
            return result.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_decoder_of_the_peer_restores_the_written_bytes(
        is_client in any::<bool>(),
        writes in vec(vec(any::<u8>(), 0..400), 1..8),
        mut limits in vec(0..300_usize, 1..10),
    ) {
        let (role, other) = if is_client { (Role::Client, Role::Server) } else { (Role::Server, Role::Client) };
        limits.push(7);
        let (mut encoder, mut io) = (Encoder::new(role), TrickleStream::new(limits));
        for bytes in &writes {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (a, b) = rest.split_at(rest.len() / 3);
                let slices = [IoSlice::new(a), IoSlice::new(b)];
                // A Pong may be queued at any time, but must not be sent within another frame.
                encoder.queue_pong(b"pong");
                let written = until_ready(|cx| encoder.poll_write(&mut io, cx, &slices));
                rest = &rest[written..];
            }
        }
        encoder.queue_close(1001);
        until_ready(|cx| encoder.poll_control_frames(&mut io, cx));
        let mut decoder = Decoder::new(other, 1_000_000);
        let payload_len = decoder.decode(&mut io.taken);
        prop_assert!(io.taken[..payload_len] == writes.concat());
        prop_assert_eq!(decoder.end(), Some(End::Closed { code: 1001 }));
        prop_assert!(encoder.buffer.is_empty() && encoder.buffer_written == 0);
    }
}

#[test]
fn many_slices_are_written_in_one_call() {
    let (mut encoder, mut io) = (Encoder::new(Role::Server), TrickleStream::new(vec![10_000]));
    let slices: Vec<_> = (0..10).map(|_| IoSlice::new(b"slice")).collect();
    assert_eq!(until_ready(|cx| encoder.poll_write(&mut io, cx, &slices)), 50);
    assert_eq!((io.calls, io.taken.len(), &io.taken[..2]), (1, 52, &[0x82, 50][..]));
}

#[test]
fn no_frame_is_sent_after_a_close_frame() {
    let (mut encoder, mut io) = (Encoder::new(Role::Server), TrickleStream::new(vec![10_000]));
    encoder.queue_close(1003);
    encoder.queue_close(1000);
    encoder.queue_pong(b"late");
    encoder.queue_ping().unwrap_err();
    until_ready(|cx| encoder.poll_control_frames(&mut io, cx));
    assert_eq!(io.taken, [0x88, 2, 3, 0xEB]);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(encoder.poll_write(&mut io, &mut cx, &[IoSlice::new(b"late")]), Poll::Ready(Err(_))));
}
