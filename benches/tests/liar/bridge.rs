//! A listener of the product whose links are copied byte by byte to and from a TCP server.

use std::future::poll_fn;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tidegate_benches::connection::transport::Kind;
use tidegate_limits::{Connections, ConnectionsConfig, Handshakes, HandshakesConfig};
use tidegate_transports::quic::QuicConfig;
use tidegate_transports::tls::ServerMaterial;
use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{Endpoint, Limits, Link, Listener, ListenerConfig, bind};
use tokio::io::AsyncRead as _;
use tokio::io::{AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;

use super::certificate::Certificate;

/// Listens; everything goes to and comes from `server`.
pub fn start(kind: Kind, certificate: &Certificate, server: SocketAddr) -> SocketAddr {
    let limits = Limits {
        handshakes: Handshakes::new(HandshakesConfig::default()),
        connections: Connections::new(ConnectionsConfig::default()),
    };
    let listener = bind(&ListenerConfig::new(endpoint(kind, certificate)), &limits).unwrap();
    let address = listener.local_address().socket_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve(listener, server));
    });
    address
}

fn endpoint(kind: Kind, certificate: &Certificate) -> Endpoint {
    let address = "127.0.0.1:0".parse().unwrap();
    let material = ServerMaterial::from_pem_files(&certificate.chain, &certificate.key).unwrap();
    let config = WebSocketConfig::default();
    match kind {
        Kind::Tcp => unreachable!("needs no bridge"),
        Kind::Tls => Endpoint::Tls { address, material },
        Kind::WebSocket => Endpoint::WebSocket { address, config },
        Kind::SecureWebSocket => Endpoint::SecureWebSocket { address, material, config },
        Kind::Quic => Endpoint::Quic { address, material, config: QuicConfig::default() },
    }
}

async fn serve(listener: Listener, server: SocketAddr) {
    loop {
        let incoming = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let link = incoming.establish().await.unwrap();
            let socket = TcpStream::connect(server).await.unwrap();
            let mut bridge = Bridge { link, socket, up: Vec::new(), down: Vec::new() };
            poll_fn(|context| bridge.poll(context)).await;
        });
    }
}

struct Bridge {
    link: Link,
    socket: TcpStream,
    up: Vec<u8>,
    down: Vec<u8>,
}

impl Bridge {
    /// Ready when either side has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let moved = [
                read_link(&mut self.link, &mut self.up, context),
                write_socket(&mut self.socket, &mut self.up, context),
                read_socket(&mut self.socket, &mut self.down, context),
                write_link(&mut self.link, &mut self.down, context),
            ];
            if moved.contains(&Moved::Ended) {
                return Poll::Ready(());
            }
            if !moved.contains(&Moved::Something) {
                return Poll::Pending;
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Moved {
    Nothing,
    Something,
    Ended,
}

const HELD_MAX: usize = 1024 * 1024;

fn read_link(link: &mut Link, held: &mut Vec<u8>, context: &mut Context<'_>) -> Moved {
    let mut buffer = [0; 16 * 1024];
    if held.len() > HELD_MAX {
        return Moved::Nothing;
    }
    match link.poll_read(context, &mut buffer) {
        Poll::Pending => Moved::Nothing,
        Poll::Ready(Ok(count @ 1..)) => {
            held.extend_from_slice(buffer.get(..count).unwrap());
            Moved::Something
        }
        Poll::Ready(_) => Moved::Ended,
    }
}

fn write_link(link: &mut Link, held: &mut Vec<u8>, context: &mut Context<'_>) -> Moved {
    let written =
        if held.is_empty() { Poll::Pending } else { link.poll_write(context, &[IoSlice::new(held)]) };
    let moved = drained(written, held);
    match link.poll_flush(context) {
        Poll::Ready(Err(_)) => Moved::Ended,
        _ => moved,
    }
}

fn read_socket(socket: &mut TcpStream, held: &mut Vec<u8>, context: &mut Context<'_>) -> Moved {
    let mut buffer = [0; 16 * 1024];
    let mut buffer = ReadBuf::new(&mut buffer);
    if held.len() > HELD_MAX {
        return Moved::Nothing;
    }
    match std::pin::Pin::new(socket).poll_read(context, &mut buffer) {
        Poll::Pending => Moved::Nothing,
        Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
            held.extend_from_slice(buffer.filled());
            Moved::Something
        }
        Poll::Ready(_) => Moved::Ended,
    }
}

fn write_socket(socket: &mut TcpStream, held: &mut Vec<u8>, context: &mut Context<'_>) -> Moved {
    if held.is_empty() {
        return Moved::Nothing;
    }
    let written = std::pin::Pin::new(socket).poll_write(context, held);
    drained(written, held)
}

fn drained(written: Poll<std::io::Result<usize>>, held: &mut Vec<u8>) -> Moved {
    match written {
        Poll::Pending => Moved::Nothing,
        Poll::Ready(Ok(count)) => {
            held.drain(..count);
            Moved::Something
        }
        Poll::Ready(Err(_)) => Moved::Ended,
    }
}
