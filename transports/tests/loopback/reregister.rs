//! A link moves from one runtime to another while data is sent, and the previous runtime may end.

use std::io::ErrorKind;
use std::thread;

use tidegate_limits::{Connections, Handshakes};
use tidegate_transports::{Limits, Link, Transport, bind, client};
use tokio::runtime::{Builder, Runtime};

use crate::material::ECDSA;
use crate::server::{ALL_TRANSPORTS, config, round_trip, with_timeout};

const ROUND_LEN: usize = 100_000;

#[test]
fn a_link_continues_on_the_runtime_it_is_reregistered_with() {
    for transport in ALL_TRANSPORTS.into_iter().filter(|transport| *transport != Transport::Quic) {
        let (first, second) = (runtime(), runtime());
        let (link, client) = first.block_on(accept_link(transport));
        let mut link = first.block_on(echo_round(link));
        assert!(link.is_mobile(), "{transport}");
        // The client keeps sending while the link moves.
        second.block_on(async { link.reregister() }).unwrap();
        drop(first);
        let mut link = second.block_on(echo_round(link));
        second.block_on(with_timeout(link.close())).unwrap();
        client.join().unwrap();
    }
}

#[test]
fn a_link_cannot_be_reregistered_while_a_direct_writer_exists() {
    for transport in [Transport::Tcp, Transport::Unix] {
        let runtime = runtime();
        let (mut link, client) = runtime.block_on(accept_link(transport));
        runtime.block_on(async {
            let writer = link.direct().unwrap();
            assert_eq!(link.reregister().unwrap_err().kind(), ErrorKind::ResourceBusy, "{transport}");
            drop(writer);
            link.reregister().unwrap();
        });
        let mut link = runtime.block_on(async { echo_round(echo_round(link).await).await });
        runtime.block_on(with_timeout(link.close())).unwrap();
        client.join().unwrap();
    }
}

#[test]
fn a_quic_link_cannot_be_reregistered() {
    let runtime = runtime();
    let (link, client) = runtime.block_on(accept_link(Transport::Quic));
    runtime.block_on(async {
        let mut link = echo_round(link).await;
        assert!(!link.is_mobile());
        assert_eq!(link.reregister().unwrap_err().kind(), ErrorKind::Unsupported);
        with_timeout(echo_round(link).await.close()).await.unwrap();
    });
    client.join().unwrap();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Returns the server's side of a connection, on the calling runtime. The client runs on another runtime, sends two
/// rounds of bytes, checks the echo of each round, and then waits for the end of the stream.
async fn accept_link(transport: Transport) -> (Link, thread::JoinHandle<()>) {
    let limits = Limits {
        handshakes: Handshakes::new(&Default::default()),
        connections: Connections::new(&Default::default()),
    };
    let listener = bind(&config(transport), &limits).unwrap();
    let scheme = match transport {
        Transport::Tcp => "mqtt",
        Transport::Unix => "unix",
        Transport::Tls => "mqtts",
        Transport::WebSocket => "ws",
        Transport::SecureWebSocket => "wss",
        Transport::Quic => "quic",
        Transport::Memory => unreachable!("no listener yields links in memory"),
    };
    let path = if scheme.starts_with("ws") { "/mqtt" } else { "" };
    let target = format!("{scheme}://{}{path}", listener.local_address()).parse().unwrap();
    let client = thread::spawn(move || {
        runtime().block_on(async {
            let mut link = client::connect(&target, &ECDSA.client_tls()).await.unwrap();
            for filling in [1, 2] {
                let bytes = vec![filling; ROUND_LEN];
                assert!(with_timeout(round_trip(&mut link, &bytes)).await == bytes, "{filling}");
            }
            assert_eq!(with_timeout(link.read(&mut [0; 8])).await.unwrap_or(0), 0);
        });
    });
    let link = with_timeout(listener.accept()).await.unwrap().establish().await.unwrap().link;
    (link, client)
}

/// Sends one round of received bytes back.
async fn echo_round(mut link: Link) -> Link {
    let (mut echoed, mut buf) = (0, vec![0; 16_384]);
    while echoed < ROUND_LEN {
        let room = buf.len().min(ROUND_LEN - echoed);
        let read = with_timeout(link.read(&mut buf[..room])).await.unwrap();
        with_timeout(link.write_all(&buf[..read])).await.unwrap();
        echoed += read;
    }
    link
}
