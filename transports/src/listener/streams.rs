//! Accepts TCP and Unix stream connections, as raw sockets that are not registered with a runtime yet.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::Socket;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::OnceCell;

use super::Accepted;
use super::unix::SocketFile;

/// A listening socket that is registered with a runtime at the first `accept`.
#[derive(Debug)]
pub(super) struct StreamSocket {
    socket: Socket,
    registered: OnceCell<AsyncFd<Socket>>,
    _file: Option<SocketFile>,
}

impl StreamSocket {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, registered: OnceCell::new(), _file: None }
    }

    pub(super) fn with_file(socket: Socket, file: SocketFile) -> Self {
        Self { _file: Some(file), ..Self::new(socket) }
    }

    pub(super) async fn accept(&self) -> io::Result<(Accepted, Option<SocketAddr>)> {
        let registered = self.registered.get_or_try_init(async || register(&self.socket)).await?;
        loop {
            let mut readiness = registered.readable().await?;
            match readiness.try_io(|socket| accept(socket.get_ref())) {
                Ok(Ok((socket, address))) => return Ok((Accepted::Stream(socket), address)),
                Ok(Err(error)) if affects_one_peer_only(&error) => {}
                Ok(Err(error)) => {
                    tokio::time::sleep(RESOURCE_ERROR_PAUSE).await;
                    return Err(error);
                }
                Err(_would_block) => {}
            }
        }
    }
}

#[expect(deprecated, reason = "unsound only if the descriptor changes; a socket's descriptor does not")]
fn register(socket: &Socket) -> io::Result<AsyncFd<Socket>> {
    AsyncFd::with_interest(socket.try_clone()?, Interest::READABLE)
}

fn accept(socket: &Socket) -> io::Result<(Socket, Option<SocketAddr>)> {
    let (accepted, address) = socket.accept()?;
    accepted.set_nonblocking(true)?;
    Ok((accepted, address.as_socket()))
}

/// Returns whether an error concerns only the connection that was being accepted, not the listener.
fn affects_one_peer_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// Time for which accepting pauses if the machine lacks a resource. Without the pause, accepting would fail again at
/// once and use a whole core. Waiting peers stay in the kernel's queue.
const RESOURCE_ERROR_PAUSE: Duration = Duration::from_millis(100);
