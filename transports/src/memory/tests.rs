//! Links in memory: order, bound, half-close, and what the peer sees when a link is dropped.

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tidegate_limits::Transport;

use super::{Connection, pair};
use crate::link::Link;

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), test).await }).unwrap()
}

async fn read(link: &mut Link) -> Vec<u8> {
    let mut buf = [0; 64];
    let len = link.read(&mut buf).await.unwrap();
    buf[..len].to_vec()
}

#[test]
fn bytes_arrive_in_order_in_both_directions() {
    run(async {
        let (mut first, mut second) = pair(64);
        let slices = [IoSlice::new(b"he"), IoSlice::new(b""), IoSlice::new(b"llo")];
        assert_eq!(poll_fn(|cx| first.poll_write(cx, &slices)).await.unwrap(), 5);
        second.write_all(b"goodbye").await.unwrap();
        assert_eq!(read(&mut second).await, b"hello");
        assert_eq!(read(&mut first).await, b"goodbye");
    });
}

#[test]
fn a_full_buffer_accepts_bytes_once_the_peer_has_read() {
    run(async {
        let (mut first, mut second) = pair(3);
        let bytes: Vec<u8> = (0..100).collect();
        let (sent, received) = tokio::join!(
            async {
                first.write_all(&bytes).await.unwrap();
                first.close().await
            },
            async {
                let mut all = Vec::new();
                loop {
                    let read = read(&mut second).await;
                    assert!(read.len() <= 3);
                    if read.is_empty() {
                        return all;
                    }
                    all.extend(read);
                }
            }
        );
        sent.unwrap();
        assert_eq!(received, bytes);
    });
}

#[test]
fn a_write_that_does_not_fit_waits() {
    let (mut first, mut second) = pair(0);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(first.poll_write(&mut cx, &[IoSlice::new(b"ab")]), Poll::Ready(Ok(1))));
    assert!(first.poll_write(&mut cx, &[IoSlice::new(b"b")]).is_pending());
    let mut buf = [0; 2];
    assert!(matches!(second.poll_read(&mut cx, &mut buf), Poll::Ready(Ok(1))));
    assert!(second.poll_read(&mut cx, &mut buf).is_pending());
}

#[test]
fn a_closed_side_still_receives() {
    run(async {
        let (mut first, mut second) = pair(64);
        first.write_all(b"last").await.unwrap();
        first.close().await.unwrap();
        assert_eq!(first.write_all(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(read(&mut second).await, b"last");
        assert_eq!(read(&mut second).await, b"");
        second.write_all(b"answer").await.unwrap();
        assert_eq!(read(&mut first).await, b"answer");
    });
}

#[test]
fn dropping_a_link_without_close_is_an_error_for_the_peer() {
    run(async {
        let (mut first, mut second) = pair(64);
        first.write_all(b"last").await.unwrap();
        drop(first);
        assert_eq!(read(&mut second).await, b"last");
        assert_eq!(second.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(second.write_all(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn dropping_a_link_wakes_a_waiting_peer() {
    run(async {
        let (first, mut second) = pair(64);
        let mut buf = [0; 8];
        let mut reads = pin!(second.read(&mut buf));
        assert!(poll_fn(|cx| Poll::Ready(reads.as_mut().poll(cx).is_pending())).await);
        drop(first);
        assert_eq!(reads.await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn links_of_one_connection_share_it_and_close_separately() {
    run(async {
        let connection = Connection::new(64);
        let (mut first_client, mut first_server) = connection.open();
        let (mut second_client, mut second_server) = connection.open();
        assert!(Arc::ptr_eq(first_server.connection(), second_server.connection()));
        assert!(!Arc::ptr_eq(first_server.connection(), first_client.connection()));
        assert!(!Arc::ptr_eq(first_server.connection(), pair(64).1.connection()));
        first_client.close().await.unwrap();
        assert_eq!(read(&mut first_server).await, b"");
        second_client.write_all(b"still here").await.unwrap();
        assert_eq!(read(&mut second_server).await, b"still here");
    });
}

/// No runtime has to be left or entered.
#[test]
fn a_link_in_memory_has_no_socket_and_moves_freely() {
    let (mut link, _other) = pair(64);
    assert!(link.direct().is_none());
    assert!(link.is_mobile());
    link.reregister().unwrap();
    assert_eq!((link.peer().transport(), link.peer().address()), (Transport::Memory, None));
    assert_eq!(link.peer().to_string(), "memory:");
}
