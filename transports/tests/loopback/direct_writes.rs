//! Any thread may write to a plain link; only the owner may write to other links.

use std::io::{ErrorKind, IoSlice};

use tidegate_transports::{Transport, bind};

use crate::server::{ALL_TRANSPORTS, config, round_trip, serve, with_timeout};

#[tokio::test]
async fn another_thread_can_write_to_plain_links() {
    for transport in ALL_TRANSPORTS {
        let server = serve(transport);
        let mut link = server.connect().await;
        let is_plain = matches!(transport, Transport::Tcp | Transport::Unix);
        assert_eq!(link.direct().is_some(), is_plain, "{transport}");
        let Some(writer) = link.direct() else { continue };
        // `try_write` works only after the runtime has reported the socket writable once.
        assert_eq!(with_timeout(round_trip(&mut link, b"first ")).await, b"first ");
        let write = move || writer.try_write(&[IoSlice::new(b"from"), IoSlice::new(b" afar")]);
        assert_eq!(std::thread::spawn(write).join().unwrap().unwrap(), 9);
        let mut back = Vec::new();
        while back.len() < 9 {
            let mut buf = [0; 16];
            let read = with_timeout(link.read(&mut buf)).await.unwrap();
            back.extend_from_slice(&buf[..read]);
        }
        assert_eq!(back, b"from afar");
    }
}

/// After `WouldBlock`, the owner waits for room and continues where the direct writer stopped.
#[tokio::test]
async fn the_owner_continues_after_would_block() {
    let server = serve(Transport::Tcp);
    let listener = bind(&config(Transport::Tcp), &server.limits).unwrap();
    let target = format!("mqtt://{}", listener.local_address()).parse().unwrap();
    let tls = Default::default();
    let (accepted, client) =
        tokio::join!(listener.accept(), tidegate_transports::client::connect(&target, &tls));
    let mut link = accepted.unwrap().establish().await.unwrap().link;
    let mut client = client.unwrap();
    let writer = link.direct().unwrap();
    let chunk = vec![1; 65_536];
    let mut written = 0;
    tokio::task::yield_now().await;
    loop {
        match writer.try_write(&[IoSlice::new(&chunk)]) {
            Ok(length) => written += length,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                if written > 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
    }
    let reads = tokio::spawn(async move {
        let (mut total, mut buf) = (0, vec![0; 65_536]);
        loop {
            match client.read(&mut buf).await.unwrap() {
                0 => return total,
                read => total += read,
            }
        }
    });
    with_timeout(link.write_all(b"and the rest")).await.unwrap();
    with_timeout(link.close()).await.unwrap();
    assert_eq!(with_timeout(reads).await.unwrap(), written + 12);
}
