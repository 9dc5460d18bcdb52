//! Measures a server's memory per idle connection: `idle_memory <tcp|unix|tls|ws|wss|quic> <connections> [burst]`. The
//! clients run in a second process, so that only the server's memory is measured. With `burst`, each client first sends
//! and receives 256 KiB.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{IoSlice, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, ready};

use tidegate_limits::{Config as LimitsConfig, Connections, Handshakes};
use tidegate_transports::client::{self, ClientTls};
use tidegate_transports::quic::{QuicConfig, QuicKeys};
use tidegate_transports::tls::ServerMaterial;
use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{Endpoint, Limits, Link, ListenerConfig, bind};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    match arguments[1].as_str() {
        "connect" => tasks
            .block_on(&runtime, connect(&arguments[2], arguments[3].parse().unwrap(), arguments.len() > 4)),
        transport => tasks.block_on(&runtime, serve(transport, &arguments[2], arguments.get(3))),
    }
}

async fn serve(transport: &str, count: &str, burst: Option<&String>) {
    let limits = Limits {
        handshakes: Handshakes::new(&LimitsConfig {
            handshakes_per_source_max: 100_000,
            ..LimitsConfig::default()
        }),
        connections: Connections::new(&LimitsConfig::default()),
    };
    let listener = bind(&ListenerConfig::new(endpoint(transport)), &limits).unwrap();
    let scheme = match transport {
        "tcp" => "mqtt",
        "tls" => "mqtts",
        other => other,
    };
    let before = resident_bytes();
    let url = format!("{scheme}://{}", listener.local_address());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["connect", &url, count]).args(burst).stdin(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let total: usize = count.parse().unwrap();
    let idle = Arc::new(AtomicUsize::new(0));
    for _ in 0..total {
        let incoming = listener.accept().await.unwrap();
        let idle = Arc::clone(&idle);
        tokio::task::spawn_local(async move {
            let link = incoming.establish().await.unwrap().link;
            idle.fetch_add(1, Ordering::Relaxed);
            tokio::task::spawn_local(echo(Box::new(link)));
        });
    }
    while idle.load(Ordering::Relaxed) < total {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let used = resident_bytes() - before;
    println!(
        "{transport} {count} {}: {:.1} KiB per connection",
        burst.map_or("", |_| "after a burst"),
        used as f64 / total as f64 / 1024.0
    );
    drop(child.stdin.take());
    child.wait().unwrap();
}

thread_local!(static SHARED_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 16 * 1024]));

/// Sends all received bytes back. Reads into the thread's shared buffer; the connection itself keeps only bytes that
/// the socket does not accept immediately.
async fn echo(mut link: Box<Link>) {
    let mut unsent: Vec<u8> = Vec::new();
    poll_fn(move |cx| {
        loop {
            while !unsent.is_empty() {
                let Ok(written) = ready!(link.poll_write(cx, &[IoSlice::new(&unsent)])) else {
                    return Poll::Ready(());
                };
                unsent.drain(..written);
            }
            unsent = Vec::new();
            let _ = link.poll_flush(cx);
            let read = SHARED_BUFFER.with_borrow_mut(|buf| {
                link.poll_read(cx, buf).map(|read| read.map(|read| unsent.extend_from_slice(&buf[..read])))
            });
            if ready!(read).is_err() || unsent.is_empty() {
                return Poll::Ready(());
            }
        }
    })
    .await;
}

async fn connect(url: &str, count: usize, burst: bool) {
    let tls = ClientTls { insecure: true, ..ClientTls::default() };
    let target = url.parse().unwrap();
    let mut links = Vec::new();
    for _ in 0..count {
        let mut link = client::connect(&target, &tls).await.unwrap();
        let rounds = if burst { 16 } else { 1 };
        let bytes = vec![7; if burst { 16_384 } else { 20 }];
        let mut buf = vec![0; 20_000];
        for _ in 0..rounds {
            link.write_all(&bytes).await.unwrap();
            let mut read = 0;
            while read < bytes.len() {
                read += link.read(&mut buf).await.unwrap();
            }
        }
        links.push(link);
    }
    let waits = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    waits.await.unwrap().unwrap();
    std::io::stdout().flush().unwrap();
    std::process::exit(0);
}

fn endpoint(transport: &str) -> Endpoint {
    let address = "127.0.0.1:0".parse().unwrap();
    let key = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let material =
        ServerMaterial::from_pem(key.cert.pem().as_bytes(), key.signing_key.serialize_pem().as_bytes())
            .unwrap();
    match transport {
        "tcp" => Endpoint::Tcp { address },
        "unix" => {
            Endpoint::Unix { path: std::env::temp_dir().join("tidegate-idle-memory.sock"), mode: 0o600 }
        }
        "tls" => Endpoint::Tls { address, material },
        "ws" => Endpoint::WebSocket { address, config: WebSocketConfig::default() },
        "wss" => Endpoint::SecureWebSocket { address, material, config: WebSocketConfig::default() },
        "quic" => {
            Endpoint::Quic { address, material, keys: QuicKeys::random(), config: QuicConfig::default() }
        }
        other => panic!("no transport `{other}`"),
    }
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
