//! An echo server, and functions that all tests use.

use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use std::future::poll_fn;
use tidegate_limits::{Config as LimitsConfig, Connections, Handshakes};
use tidegate_transports::client::{self, Target};
use tidegate_transports::quic::{QuicConfig, QuicKeys};
use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{
    Endpoint, EstablishError, Limits, Link, Listener, ListenerConfig, LocalAddress, Transport, bind,
};
use tokio::sync::mpsc;

use crate::material::{ECDSA, scratch_path};

pub const ALL_TRANSPORTS: [Transport; 6] = [
    Transport::Tcp,
    Transport::Unix,
    Transport::Tls,
    Transport::WebSocket,
    Transport::SecureWebSocket,
    Transport::Quic,
];

pub struct EchoServer {
    pub url: String,
    pub address: Option<SocketAddr>,
    pub limits: Limits,
    pub listener: Arc<Listener>,
    /// The errors of failed handshakes.
    pub handshake_failures: mpsc::UnboundedReceiver<EstablishError>,
    /// The result of each ended link: the number of bytes echoed, or the error's text.
    pub link_results: mpsc::UnboundedReceiver<Result<u64, String>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Returns the default settings for a transport, on a free port.
pub fn config(transport: Transport) -> ListenerConfig {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let material = || ECDSA.server.clone();
    ListenerConfig::new(match transport {
        Transport::Tcp => Endpoint::Tcp { address },
        Transport::Unix => {
            static SOCKET_NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let number = SOCKET_NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Endpoint::Unix { path: scratch_path(&format!("{number}.sock")), mode: 0o600 }
        }
        Transport::Tls => Endpoint::Tls { address, material: material() },
        Transport::WebSocket => Endpoint::WebSocket { address, config: WebSocketConfig::default() },
        Transport::SecureWebSocket => {
            Endpoint::SecureWebSocket { address, material: material(), config: WebSocketConfig::default() }
        }
        Transport::Memory => unreachable!("no listener yields links in memory"),
        Transport::Quic => Endpoint::Quic {
            address,
            material: material(),
            keys: QuicKeys::random(),
            config: QuicConfig::default(),
        },
    })
}

pub fn serve(transport: Transport) -> EchoServer {
    serve_with(config(transport), LimitsConfig::default())
}

pub fn serve_with(config: ListenerConfig, handshakes: LimitsConfig) -> EchoServer {
    let limits = Limits {
        handshakes: Handshakes::new(&handshakes),
        connections: Connections::new(&LimitsConfig::default()),
    };
    let listener = Arc::new(bind(&config, &limits).unwrap());
    let url = url(&config.endpoint, listener.local_address());
    let (failed, handshake_failures) = mpsc::unbounded_channel();
    let (ended, link_results) = mpsc::unbounded_channel();
    let accepting = tokio::spawn(accept_all(Arc::clone(&listener), failed, ended));
    EchoServer {
        url,
        address: listener.local_address().socket_addr(),
        limits,
        listener,
        handshake_failures,
        link_results,
        accepting,
    }
}

async fn accept_all(
    listener: Arc<Listener>,
    failed: mpsc::UnboundedSender<EstablishError>,
    ended: mpsc::UnboundedSender<Result<u64, String>>,
) {
    loop {
        let incoming = listener.accept().await.unwrap();
        let (failed, ended) = (failed.clone(), ended.clone());
        tokio::spawn(async move {
            match incoming.establish().await {
                Ok(established) => {
                    drop(ended.send(echo(established.link).await.map_err(|error| error.to_string())));
                }
                Err(error) => drop(failed.send(error)),
            }
        });
    }
}

fn url(endpoint: &Endpoint, address: &LocalAddress) -> String {
    match endpoint.transport() {
        Transport::Tcp => format!("mqtt://{address}"),
        Transport::Unix => format!("unix://{address}"),
        Transport::Tls => format!("mqtts://{address}"),
        Transport::WebSocket => format!("ws://{address}/mqtt"),
        Transport::SecureWebSocket => format!("wss://{address}/mqtt"),
        Transport::Quic => format!("quic://{address}"),
        Transport::Memory => unreachable!("no listener yields links in memory"),
    }
}

impl EchoServer {
    pub fn target(&self) -> Target {
        self.url.parse().unwrap()
    }

    pub async fn connect(&self) -> Link {
        client::connect(&self.target(), &ECDSA.client_tls()).await.unwrap()
    }
}

/// Sends all received bytes back, then closes the link. Returns the number of bytes.
pub async fn echo(mut link: Link) -> std::io::Result<u64> {
    let mut buf = vec![0; 16 * 1024];
    let mut total = 0;
    loop {
        let read = link.read(&mut buf).await?;
        if read == 0 {
            link.close().await?;
            return Ok(total);
        }
        total += read as u64;
        let (mut at, middle) = (0, read / 2);
        while at < read {
            let slices =
                [IoSlice::new(&buf[at.min(middle)..middle]), IoSlice::new(&buf[at.max(middle)..read])];
            at += poll_fn(|cx| link.poll_write(cx, &slices)).await?;
        }
        link.flush().await?;
    }
}

/// Sends `bytes` and, at the same time, reads the same number of bytes back.
pub async fn round_trip(link: &mut Link, bytes: &[u8]) -> Vec<u8> {
    let (mut sent, mut back) = (0, Vec::new());
    let mut buf = vec![0; 10_000];
    poll_fn(|cx| {
        while sent < bytes.len() {
            match link.poll_write(cx, &[IoSlice::new(&bytes[sent..])]) {
                Poll::Ready(written) => sent += written.unwrap(),
                Poll::Pending => break,
            }
        }
        let _ = link.poll_flush(cx).map(Result::unwrap);
        while back.len() < bytes.len() {
            match link.poll_read(cx, &mut buf) {
                Poll::Ready(read) => match read.unwrap() {
                    0 => return Poll::Ready(()),
                    read => back.extend_from_slice(&buf[..read]),
                },
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    })
    .await;
    back
}

/// Waits until a condition is true. Panics after 10 s.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("timed out after 10 s waiting for: {what}");
}

/// Awaits a future. Panics if it takes longer than 10 s.
pub async fn with_timeout<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("took too long")
}
