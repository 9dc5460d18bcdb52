//! A peer that does not read stalls only its own link, and no data is lost when the peer reads again.

use std::io::IoSlice;
use std::task::{Context, Poll, Waker};

use tidegate_transports::{Link, bind};

use crate::material::ECDSA;
use crate::server::{ALL_TRANSPORTS, config, serve, with_timeout};

/// Writes until the link accepts no more bytes. Returns the number of bytes accepted.
async fn write_until_stalled(link: &mut Link, bytes: &[u8]) -> usize {
    let mut written = 0;
    let mut stalls = 0;
    while stalls < 200 {
        let mut cx = Context::from_waker(Waker::noop());
        let _ = link.poll_flush(&mut cx);
        let end = bytes.len().min(written + 100_000);
        match link.poll_write(&mut cx, &[IoSlice::new(&bytes[written..end])]) {
            Poll::Ready(length) => {
                written += length.unwrap();
                stalls = 0;
            }
            Poll::Pending => stalls += 1,
        }
        tokio::task::yield_now().await;
    }
    written
}

#[tokio::test]
async fn unread_data_is_bounded_and_delivered_later() {
    let bytes: Vec<u8> = (0..32_000_000_u32).map(|n| (n >> 8) as u8 ^ n as u8).collect();
    for transport in ALL_TRANSPORTS {
        let server = serve(transport);
        let listener = bind(&config(transport), &server.limits).unwrap();
        let here = server.listener.local_address().to_string();
        let url = server.url.replace(&here, &listener.local_address().to_string());
        let target = url.parse().unwrap();
        let tls = ECDSA.client_tls();
        let (mut link, mut client) = with_timeout(async {
            tokio::join!(async { listener.accept().await.unwrap().establish().await.unwrap().link }, async {
                let mut link = tidegate_transports::client::connect(&target, &tls).await.unwrap();
                link.write_all(b"x").await.unwrap();
                link
            })
        })
        .await;
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let written = write_until_stalled(&mut link, &bytes).await;
        assert!(written < bytes.len(), "{transport} accepted {written} bytes that the peer did not read");
        let sent = bytes[written..].to_vec();
        let rest = tokio::spawn(async move {
            link.write_all(&sent).await.unwrap();
            link.close().await.unwrap();
        });
        let (mut all, mut buf) = (Vec::new(), vec![0; 65_536]);
        while all.len() < bytes.len() {
            match with_timeout(client.read(&mut buf)).await.unwrap() {
                0 => break,
                read => all.extend_from_slice(&buf[..read]),
            }
        }
        assert!(all == bytes, "{transport}: {} of {} bytes", all.len(), bytes.len());
        with_timeout(rest).await.unwrap();
    }
}
